import type { Migration } from "../migration.ts";

/** Jobs, their events and newest preview, idempotency keys, and the clocks of the fair share. */
export const jobs: Migration = {
  id: "001-jobs",
  sql: `
    CREATE TABLE job (
      id uuid PRIMARY KEY,
      tenant_id text NOT NULL,
      lane text NOT NULL,
      priority smallint NOT NULL DEFAULT 0,
      status text NOT NULL,
      stage text NOT NULL,
      sequence int NOT NULL,
      -- The fencing token: rises with each claim; only the newest attempt may write.
      attempt int NOT NULL DEFAULT 0,
      failures int NOT NULL DEFAULT 0,
      losses int NOT NULL DEFAULT 0,
      worker text,
      created_at timestamptz NOT NULL DEFAULT now(),
      started_at timestamptz,
      finished_at timestamptz,
      start_by timestamptz,
      finish_by timestamptz NOT NULL,
      expires_at timestamptz,
      megapixel_steps real NOT NULL,
      -- What was asked for; never changes.
      input jsonb NOT NULL,
      -- Progress, timings, warnings, plan, proof, recipe, problem.
      record jsonb NOT NULL,
      -- Key, media type and bytes of the edited picture.
      result jsonb,
      batch_id uuid,
      row_index int,
      external_id text,
      traceparent text
    );
    CREATE INDEX job_by_tenant ON job (tenant_id, created_at DESC, id DESC);
    CREATE INDEX job_by_batch ON job (batch_id, row_index) WHERE batch_id IS NOT NULL;
    CREATE INDEX job_queued ON job (lane, tenant_id, created_at) WHERE status = 'queued';
    CREATE INDEX job_open ON job (finish_by) WHERE finished_at IS NULL;
    CREATE INDEX job_finished ON job (expires_at) WHERE expires_at IS NOT NULL;

    CREATE TABLE job_event (
      id bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
      job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE,
      tenant_id text NOT NULL,
      sequence int NOT NULL,
      at timestamptz NOT NULL DEFAULT clock_timestamp(),
      status text NOT NULL,
      stage text NOT NULL,
      progress jsonb NOT NULL,
      PRIMARY KEY (job_id, sequence)
    );

    CREATE TABLE job_preview (
      job_id uuid PRIMARY KEY REFERENCES job (id) ON DELETE CASCADE,
      sequence int NOT NULL,
      media_type text NOT NULL,
      data bytea NOT NULL
    );

    CREATE TABLE idempotency_key (
      tenant_id text NOT NULL,
      key text NOT NULL,
      fingerprint text NOT NULL,
      job_id uuid NOT NULL REFERENCES job (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
      created_at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (tenant_id, key)
    );
    CREATE INDEX idempotency_key_by_job ON idempotency_key (job_id);

    CREATE TABLE lane_clock (lane text PRIMARY KEY, virtual bigint NOT NULL DEFAULT 0);
    INSERT INTO lane_clock (lane) VALUES ('interactive'), ('batch');
    CREATE TABLE lane_share (
      lane text NOT NULL,
      tenant_id text NOT NULL,
      finish bigint NOT NULL,
      PRIMARY KEY (lane, tenant_id)
    );
  `,
};
