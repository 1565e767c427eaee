import { Client } from "pg";
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

it("hears notices as soon as the database is there, though it was away when listening began", async () => {
  const admin = new Client({ connectionString: server.url });
  await admin.connect();
  await admin.query("CREATE ROLE guest LOGIN CONNECTION LIMIT 0");
  const errors: unknown[] = [];
  const url = server.url.replace("moodifier@", "guest@");
  const guest = new PostgresDatabase({ url, connectMs: 500, onError: (error) => errors.push(error) });
  const heard: string[] = [];
  await guest.listen("news", (payload) => heard.push(payload));
  expect(errors[0]).toMatchObject(away);
  expect(heard).toEqual([]);
  await admin.query("ALTER ROLE guest CONNECTION LIMIT -1");
  // The empty notice says that some may have been missed.
  await expect.poll(() => heard, { timeout: 30_000 }).toEqual([""]);
  await admin.query("NOTIFY news, 'one'");
  await expect.poll(() => heard, { timeout: 30_000 }).toEqual(["", "one"]);
  await guest.close();
  await admin.end();
});
