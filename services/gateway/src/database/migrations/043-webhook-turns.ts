import type { Migration } from "../migration.ts";

/** Deliveries that are due by their endpoint, so that none keeps the others waiting, and finished ones by their age. */
export const webhookTurns: Migration = {
  id: "043-webhook-turns",
  sql: `
    CREATE INDEX webhook_delivery_open ON webhook_delivery (endpoint_id, next_at) WHERE status = 'pending';
    DROP INDEX webhook_delivery_due;
    CREATE INDEX webhook_delivery_finished ON webhook_delivery (finished_at) WHERE finished_at IS NOT NULL;
  `,
};
