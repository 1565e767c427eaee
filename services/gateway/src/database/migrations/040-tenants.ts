import type { Migration } from "../migration.ts";

/** API keys and the audit log. */
export const tenants: Migration = {
  id: "040-tenants",
  sql: `
    CREATE TABLE api_key (
      id text PRIMARY KEY,
      tenant_id text NOT NULL,
      name text NOT NULL,
      scopes text[] NOT NULL,
      hash bytea NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz,
      revoked_at timestamptz,
      last_used_at timestamptz,
      replaced_by text REFERENCES api_key (id)
    );
    CREATE INDEX api_key_by_tenant ON api_key (tenant_id, created_at DESC, id DESC);

    CREATE TABLE audit_event (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      tenant_id text NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      key_id text NOT NULL,
      action text NOT NULL,
      target text NOT NULL,
      status int NOT NULL,
      request_id text NOT NULL
    );
    CREATE INDEX audit_event_by_tenant ON audit_event (tenant_id, id DESC);
  `,
};
