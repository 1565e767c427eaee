import { afterAll, beforeAll, expect, it } from "vitest";
import { PostgresDatabase } from "./postgres-database.ts";
import { type PostgresServer, startPostgres } from "./testing/postgres-server.ts";

let server: PostgresServer;
let database: PostgresDatabase;

beforeAll(async () => {
  server = await startPostgres();
  database = new PostgresDatabase({ url: server.url, maxConnections: 1, connectMs: 500 });
}, 120_000);
afterAll(async () => {
  await database.close();
  await server.stop();
});

const away = { code: "UNAVAILABLE", reason: "DATABASE_UNAVAILABLE" };

it("says that it can't be used now while all connections are taken", async () => {
  await database.transaction(async (tx) => {
    await expect(database.query("SELECT 1")).rejects.toMatchObject(away);
    await expect(database.transaction(() => Promise.resolve())).rejects.toMatchObject(away);
    expect(await tx.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
  expect(await database.query("SELECT 2 AS two")).toEqual([{ two: 2 }]);
});
