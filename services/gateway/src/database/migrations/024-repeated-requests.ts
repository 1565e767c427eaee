import type { Migration } from "../migration.ts";

/** A repeated request finds the plan or the upload of the first. */
export const repeatedRequests: Migration = {
  id: "024-repeated-requests",
  sql: ["plan", "upload"]
    .map(
      (table) => `
    ALTER TABLE ${table} ADD COLUMN idempotency_key text, ADD COLUMN fingerprint text;
    CREATE UNIQUE INDEX ${table}_idempotency ON ${table} (tenant_id, idempotency_key) WHERE idempotency_key IS NOT NULL;`,
    )
    .join(""),
};
