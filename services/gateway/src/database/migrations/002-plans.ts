import type { Migration } from "../migration.ts";

/** Stored plans and the counters of the rate limits. */
export const plans: Migration = {
  id: "002-plans",
  sql: `
    CREATE TABLE plan (
      id uuid PRIMARY KEY,
      tenant_id text NOT NULL,
      status text NOT NULL DEFAULT 'draft',
      version int NOT NULL DEFAULT 1,
      created_at timestamptz NOT NULL DEFAULT now(),
      updated_at timestamptz NOT NULL DEFAULT now(),
      approved_at timestamptz,
      name text,
      -- moodifier.common.v1.EditPlan
      body bytea NOT NULL,
      -- Key and media type of the picture that was planned, and its upright size.
      image jsonb NOT NULL,
      width int NOT NULL,
      height int NOT NULL,
      warnings jsonb NOT NULL DEFAULT '[]'
    );
    CREATE INDEX plan_by_tenant ON plan (tenant_id, created_at DESC, id DESC);

    CREATE UNLOGGED TABLE rate_window (
      tenant_id text PRIMARY KEY,
      began_at timestamptz NOT NULL,
      requests float8 NOT NULL,
      megapixel_steps float8 NOT NULL
    );
  `,
};
