import type { Migration } from "../migration.ts";

/** Uploads, batches and their rows. */
export const batches: Migration = {
  id: "020-batches",
  sql: `
    CREATE TABLE upload (
      id text PRIMARY KEY,
      tenant_id text NOT NULL,
      key text NOT NULL,
      bytes bigint NOT NULL,
      media_type text NOT NULL,
      created_at timestamptz NOT NULL DEFAULT now(),
      expires_at timestamptz NOT NULL
    );
    CREATE INDEX upload_by_key ON upload (key);
    CREATE INDEX upload_expiry ON upload (expires_at);

    CREATE TABLE batch (
      id uuid PRIMARY KEY,
      tenant_id text NOT NULL,
      status text NOT NULL,
      options jsonb NOT NULL,
      -- Names of the manifest's columns in order.
      columns jsonb NOT NULL,
      -- What the check before the run found: rows, faulty rows.
      survey jsonb NOT NULL,
      total int NOT NULL,
      -- Rises with each row that ends; the order of events.
      sequence int NOT NULL DEFAULT 0,
      idempotency_key text,
      fingerprint text,
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz,
      expires_at timestamptz
    );
    CREATE INDEX batch_by_tenant ON batch (tenant_id, created_at DESC, id DESC);
    CREATE UNIQUE INDEX batch_idempotency ON batch (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
    CREATE INDEX batch_expiry ON batch (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE batch_row (
      batch_id uuid NOT NULL REFERENCES batch (id) ON DELETE CASCADE,
      row_index int NOT NULL,
      tenant_id text NOT NULL,
      external_id text NOT NULL,
      status text NOT NULL,
      -- The batch's sequence when the row ended.
      sequence int,
      -- Rises when a user asks to try again: a new edit, not the old one's answer.
      generation int NOT NULL DEFAULT 0,
      attempt int NOT NULL DEFAULT 0,
      -- The fencing token of the attempt that runs.
      lease uuid,
      lease_until timestamptz,
      retry_at timestamptz,
      plan jsonb NOT NULL,
      job_id uuid,
      -- Files, seed, scores, warnings.
      outcome jsonb,
      problem jsonb,
      -- Keys of the row's files in the storage.
      object_keys text[] NOT NULL DEFAULT '{}',
      started_at timestamptz,
      finished_at timestamptz,
      PRIMARY KEY (batch_id, row_index)
    );
    CREATE INDEX batch_row_waiting ON batch_row (row_index, batch_id) WHERE status IN ('pending', 'running');
    CREATE INDEX batch_row_ended ON batch_row (batch_id, sequence) WHERE sequence IS NOT NULL;
    CREATE INDEX batch_row_objects ON batch_row USING gin (object_keys);
  `,
};
