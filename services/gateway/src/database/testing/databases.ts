import { openDatabase } from "../open-database.ts";
import type { Database } from "../database.ts";
import { openPglite } from "../pglite-database.ts";
import { PostgresDatabase } from "../postgres-database.ts";
import { type PostgresServer, startPostgres } from "./postgres-server.ts";

/** One kind of database for a contract suite: `describe.each(databaseKinds)`. */
export interface DatabaseKind {
  readonly name: "postgres" | "pglite";
  /** Makes `open` possible; call it in beforeAll. */
  start(): Promise<void>;
  /** An empty database, without any table unless `migrated`. */
  open(options?: { migrated?: boolean }): Promise<Database>;
  stop(): Promise<void>;
}

/** Both kinds: PGlite in memory, and a PostgreSQL server of the test's own. */
export const databaseKinds: readonly DatabaseKind[] = [
  {
    name: "pglite",
    start: () => Promise.resolve(),
    open: ({ migrated = true } = {}) => (migrated ? openDatabase({}) : openPglite()),
    stop: () => Promise.resolve(),
  },
  postgresKind(),
];

function postgresKind(): DatabaseKind {
  let server: PostgresServer | undefined;
  return {
    name: "postgres",
    start: async () => void (server = await startPostgres()),
    open: async ({ migrated = true } = {}) => {
      if (!server) throw new Error("call start first");
      const url = await server.createDatabase();
      return migrated ? openDatabase({ databaseUrl: url }) : new PostgresDatabase({ url });
    },
    stop: async () => server?.stop(),
  };
}
