import type { Logger } from "@moodifier/service-kit";
import type { Database } from "./database.ts";
import { migrate } from "./migrate.ts";
import { openPglite } from "./pglite-database.ts";
import { PostgresDatabase } from "./postgres-database.ts";

export interface DatabaseSettings {
  /** postgres:// URL; unset takes the embedded database. */
  readonly databaseUrl?: string | undefined;
  /** Most connections to PostgreSQL. */
  readonly databaseConnections?: number | undefined;
  /** Folder of the embedded database; unset keeps everything in memory. */
  readonly dataDir?: string | undefined;
}

/** Opens the database that the settings name and brings its schema up to date. */
export async function openDatabase(settings: DatabaseSettings, logger?: Logger): Promise<Database> {
  const { databaseUrl: url, databaseConnections: maxConnections, dataDir } = settings;
  const onError = (error: unknown): void => logger?.warn({ err: error }, "a database connection broke");
  const database =
    url === undefined
      ? await openPglite(dataDir)
      : new PostgresDatabase({ url, onError, ...(maxConnections !== undefined && { maxConnections }) });
  try {
    const steps = await migrate(database);
    if (steps.length > 0) logger?.info({ steps }, "migrated the database");
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}
