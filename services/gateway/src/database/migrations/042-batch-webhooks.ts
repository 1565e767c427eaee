import type { Migration } from "../migration.ts";

/** Tells webhooks when a batch has ended, in the transaction that ends it. */
export const batchWebhooks: Migration = {
  id: "042-batch-webhooks",
  sql: `
    CREATE FUNCTION tell_webhooks_of_batch() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM queue_webhooks(NEW.tenant_id, 'batch.finished', jsonb_build_object(
        'id', NEW.id, 'status', NEW.status, 'total', NEW.total, 'path', '/v1/batches/' || NEW.id));
      RETURN NULL;
    END $$;

    CREATE TRIGGER batch_webhooks AFTER UPDATE OF finished_at ON batch FOR EACH ROW
      WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL)
      EXECUTE FUNCTION tell_webhooks_of_batch();
  `,
};
