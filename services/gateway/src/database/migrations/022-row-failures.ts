import type { Migration } from "../migration.ts";

/** Attempts at a row that failed, beside those whose runner died. */
export const rowFailures: Migration = {
  id: "022-row-failures",
  sql: "ALTER TABLE batch_row ADD COLUMN failures int NOT NULL DEFAULT 0",
};
