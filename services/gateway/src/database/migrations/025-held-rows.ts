import type { Migration } from "../migration.ts";

/** Rows that are held, by their tenant: who holds least comes next. */
export const heldRows: Migration = {
  id: "025-held-rows",
  sql: "CREATE INDEX batch_row_held ON batch_row (tenant_id, batch_id) WHERE status = 'running'",
};
