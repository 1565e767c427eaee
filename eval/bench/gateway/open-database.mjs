import { openDatabase } from "../../../services/gateway/dist/database/open-database.js";
import { startPostgres } from "../../../services/gateway/src/database/testing/postgres-server.ts";

/** A fresh migrated database of a kind; PostgreSQL runs with fsync on, as in production. */
export async function openBenchDatabase(kind) {
  if (kind === "pglite") {
    const database = await openDatabase({});
    return { database, settings: {}, stop: () => database.close() };
  }
  const server = await startPostgres({ fsync: true });
  const settings = { databaseUrl: await server.createDatabase() };
  const database = await openDatabase(settings);
  return {
    database,
    settings,
    stop: async () => {
      await database.close();
      await server.stop();
    },
  };
}
