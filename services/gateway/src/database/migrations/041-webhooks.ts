import type { Migration } from "../migration.ts";

/**
 * Webhook endpoints, what is to be delivered to them, and each attempt. A trigger makes the deliveries in the very transaction that ends a job, so that
 * none is lost and none tells of what was rolled back.
 */
export const webhooks: Migration = {
  id: "041-webhooks",
  sql: `
    CREATE TABLE webhook_endpoint (
      id text PRIMARY KEY,
      tenant_id text NOT NULL,
      url text NOT NULL,
      description text NOT NULL,
      -- Event types that are sent; none means all.
      events text[] NOT NULL,
      secret text NOT NULL,
      previous_secret text,
      previous_until timestamptz,
      created_at timestamptz NOT NULL DEFAULT now(),
      disabled_at timestamptz,
      disabled_reason text
    );
    CREATE INDEX webhook_endpoint_by_tenant ON webhook_endpoint (tenant_id, created_at DESC, id DESC);

    CREATE TABLE webhook_delivery (
      id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      -- webhook-id of the message: the same in every attempt and replay, so that receivers can drop doubles.
      message_id text NOT NULL,
      endpoint_id text NOT NULL REFERENCES webhook_endpoint (id) ON DELETE CASCADE,
      tenant_id text NOT NULL,
      type text NOT NULL,
      payload jsonb NOT NULL,
      status text NOT NULL DEFAULT 'pending',
      -- The fencing token of an attempt, and the number of attempts since the delivery was made or replayed.
      attempt int NOT NULL DEFAULT 0,
      tries int NOT NULL DEFAULT 0,
      next_at timestamptz NOT NULL DEFAULT now(),
      created_at timestamptz NOT NULL DEFAULT now(),
      finished_at timestamptz
    );
    CREATE INDEX webhook_delivery_due ON webhook_delivery (next_at) WHERE status = 'pending';
    CREATE INDEX webhook_delivery_by_endpoint ON webhook_delivery (endpoint_id, id DESC);

    CREATE TABLE webhook_attempt (
      delivery_id bigint NOT NULL REFERENCES webhook_delivery (id) ON DELETE CASCADE,
      attempt int NOT NULL,
      at timestamptz NOT NULL DEFAULT now(),
      -- HTTP status, or null when none came; then reason tells why.
      status int,
      reason text,
      duration_ms int NOT NULL,
      PRIMARY KEY (delivery_id, attempt)
    );

    CREATE FUNCTION queue_webhooks(tenant text, event_type text, data jsonb) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO webhook_delivery (message_id, endpoint_id, tenant_id, type, payload)
      SELECT 'msg_' || replace(gen_random_uuid()::text, '-', ''), id, tenant_id, event_type,
        jsonb_build_object('type', event_type,
          'timestamp', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'data', data)
      FROM webhook_endpoint
      WHERE tenant_id = tenant AND (events = '{}' OR event_type = ANY (events));
      IF FOUND THEN PERFORM pg_notify('moodifier_webhook', ''); END IF;
    END $$;

    CREATE FUNCTION tell_webhooks_of_job() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE j record;
    BEGIN
      SELECT external_id, batch_id, row_index, created_at INTO j FROM job WHERE id = NEW.job_id;
      PERFORM queue_webhooks(NEW.tenant_id, 'edit.' || NEW.status, jsonb_strip_nulls(jsonb_build_object(
        'id', NEW.job_id, 'status', NEW.status, 'stage', NEW.stage, 'sequence', NEW.sequence,
        'external_id', j.external_id, 'batch_id', j.batch_id, 'row_index', j.row_index,
        'path', '/v1/edits/' || NEW.job_id)));
      RETURN NULL;
    END $$;

    CREATE TRIGGER job_event_webhooks AFTER INSERT ON job_event FOR EACH ROW
      WHEN (NEW.status IN ('succeeded', 'failed', 'cancelled', 'expired', 'input_moderated', 'output_moderated'))
      EXECUTE FUNCTION tell_webhooks_of_job();
  `,
};
