import type { Migration } from "../migration.ts";

/** Open rows by their batch: what is next, and whether anything is left, is found without a look at all rows. */
export const openRows: Migration = {
  id: "023-open-rows",
  sql: `
    CREATE INDEX batch_row_open ON batch_row (batch_id, row_index) WHERE status IN ('pending', 'running');
    DROP INDEX batch_row_waiting;
  `,
};
