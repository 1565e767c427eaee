import type { Database } from "./database.ts";

/** As many dead or changed rows as PostgreSQL's own daemon waits for. */
const untidyTables = `
  SELECT quote_ident(schemaname) || '.' || quote_ident(relname) AS name FROM pg_stat_user_tables
  WHERE n_dead_tup > 50 + 0.2 * n_live_tup OR n_mod_since_analyze > 50 + 0.1 * n_live_tup`;

/**
 * Does what a server's background processes do and PGlite has none for: ends the log, which would grow without end, and cleans tables with many dead rows, one after the other, so that other
 * statements get their turn between them.
 */
export async function tidyPglite(database: Database): Promise<void> {
  await database.query("CHECKPOINT");
  for (const { name } of await database.query<{ name: string }>(untidyTables))
    await database.query(`VACUUM (ANALYZE) ${name}`);
}
