import { afterEach, beforeEach, expect, it } from "vitest";
import type { Database } from "./database.ts";
import { openPglite } from "./pglite-database.ts";
import { tidyPglite } from "./pglite-upkeep.ts";

let database: Database;

beforeEach(async () => {
  database = await openPglite();
  await database.query("CREATE TABLE busy (id int PRIMARY KEY, text text)");
});
afterEach(() => database.close());

/** Writes and deletes some 20 MB. */
async function work(): Promise<void> {
  await database.query("INSERT INTO busy SELECT id, repeat('x', 500) FROM generate_series(1, 20000) AS id");
  await database.query("DELETE FROM busy");
  // Counts of rows are told at most once a second.
  await database.query("SELECT pg_stat_force_next_flush()");
}

/** Bytes of the log and of the table with its index. */
async function measure(): Promise<{ log: number; table: number }> {
  const [sizes] = await database.query<{ log: number; table: number }>(
    "SELECT (SELECT sum(size)::int8 FROM pg_ls_waldir()) AS log, pg_total_relation_size('busy') AS table",
  );
  return sizes!;
}

it("keeps log and tables from growing while rows come and go", async () => {
  await work();
  const once = await measure();
  for (let turn = 0; turn < 5; turn += 1) {
    await tidyPglite(database);
    await work();
  }
  const often = await measure();
  expect(often.table).toBeLessThan(1.5 * once.table);
  // Some segments are kept for reuse.
  expect(often.log).toBeLessThanOrEqual(once.log + 3 * 2 ** 24);
});
