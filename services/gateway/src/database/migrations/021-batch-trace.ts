import type { Migration } from "../migration.ts";

/** The trace of the request that submitted a batch, for the traces of its rows to link to. */
export const batchTrace: Migration = { id: "021-batch-trace", sql: "ALTER TABLE batch ADD COLUMN traceparent text" };
