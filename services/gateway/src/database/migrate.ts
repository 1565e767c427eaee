import type { Database } from "./database.ts";
import type { Migration } from "./migration.ts";
import { migrations } from "./migrations/index.ts";

/** Any number; the same in every process, so that only one migrates at a time. */
const lockKey = 7_020_033;

/** Brings the schema up to date; safe to call from several processes at once. Returns the ids of the steps that ran. */
export async function migrate(database: Database, steps: readonly Migration[] = migrations): Promise<string[]> {
  const ordered = steps.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return database.transaction(async (tx) => {
    await tx.query("SELECT pg_advisory_xact_lock($1)", [lockKey]);
    await tx.query(
      "CREATE TABLE IF NOT EXISTS schema_migration (id text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())",
    );
    const done = new Set((await tx.query<{ id: string }>("SELECT id FROM schema_migration")).map(({ id }) => id));
    const missing = ordered.filter(({ id }) => !done.has(id));
    for (const { id, sql } of missing) {
      await tx.query(sql);
      await tx.query("INSERT INTO schema_migration (id) VALUES ($1)", [id]);
    }
    return missing.map(({ id }) => id);
  });
}
