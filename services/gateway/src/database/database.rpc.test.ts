import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Database } from "./database.ts";
import { isDuplicate } from "./database-error.ts";
import { migrate } from "./migrate.ts";
import { databaseKinds } from "./testing/databases.ts";

describe.each(databaseKinds)("Database on $name", (kind) => {
  let database: Database;

  beforeAll(() => kind.start());
  afterAll(() => kind.stop());
  beforeEach(async () => {
    database = await kind.open({ migrated: false });
  }, 180_000);
  afterEach(() => database.close());

  it("gives the same values for the same columns", async () => {
    const [row] = await database.query(
      `SELECT $1::int8 AS big, $2::timestamptz AS at, $3::jsonb AS json, $4::bytea AS bytes, $5::text AS text, NULL AS none,
        ARRAY['a','b'] AS list, $6::float8 AS real, count(*) AS count FROM generate_series(1, 3)`,
      [2 ** 40, new Date(5000), JSON.stringify({ a: [1] }), Buffer.from("picture"), "x", 0.5],
    );
    expect(row).toEqual({
      big: 2 ** 40,
      at: new Date(5000),
      json: { a: [1] },
      bytes: Buffer.from("picture"),
      text: "x",
      none: null,
      list: ["a", "b"],
      real: 0.5,
      count: 3,
    });
    expect(Buffer.isBuffer(row?.["bytes"])).toBe(true);
  });

  it("goes on when a newer release adds a column and an index", async () => {
    await database.query("CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2)");
    const look = async () => [
      await database.query("SELECT * FROM t WHERE n = $1", [1]),
      await database.query("SELECT t.* FROM t WHERE n = $1", [1]),
      await database.query("UPDATE t SET n = n WHERE n = $1 RETURNING *", [1]),
      await database.query(
        "WITH found AS (SELECT * FROM t) SELECT n, count(*) FROM found WHERE n = $1 GROUP BY n",
        [1],
      ),
      await database.query("SELECT n FROM t WHERE n = $1", [1]),
    ];
    // PostgreSQL may keep a plan for good after five uses.
    for (let use = 0; use < 8; use += 1) expect((await look()).flat()).toHaveLength(5);
    await database.query("ALTER TABLE t ADD COLUMN m int DEFAULT 7; CREATE INDEX ON t (n)");
    const wide = { n: 1, m: 7 };
    for (let use = 0; use < 8; use += 1)
      expect((await look()).flat()).toEqual([wide, wide, wide, { n: 1, count: 1 }, { n: 1 }]);
  });

  it("runs several statements when there are no parameters", async () => {
    const rows = await database.query(
      "CREATE TABLE t (n int); INSERT INTO t VALUES (1), (2); SELECT n FROM t ORDER BY n",
    );
    expect(rows).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("commits what resolves and rolls back what rejects", async () => {
    await database.query("CREATE TABLE t (n int)");
    await database.transaction((tx) => tx.query("INSERT INTO t VALUES ($1)", [1]));
    const failing = database.transaction(async (tx) => {
      await tx.query("INSERT INTO t VALUES ($1)", [2]);
      await tx.transaction((inner) => inner.query("INSERT INTO t VALUES ($1)", [3]));
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    expect(await database.query("SELECT n FROM t")).toEqual([{ n: 1 }]);
  });

  it("keeps a transaction apart from the statements around it", async () => {
    await database.query("CREATE TABLE t (n int)");
    const begun = Promise.withResolvers<void>();
    const writing = database.transaction(async (tx) => {
      await tx.query("INSERT INTO t VALUES (1)");
      begun.resolve();
      await sleep(50);
      await tx.query("INSERT INTO t VALUES (2)");
      throw new Error("no");
    });
    await begun.promise;
    const [row] = await database.query<{ count: number }>("SELECT count(*) AS count FROM t");
    await expect(writing).rejects.toThrow();
    expect(row?.count).toBe(0);
    expect(await database.query("SELECT n FROM t")).toEqual([]);
  });

  it("goes on after a failed statement and tells a duplicate", async () => {
    await database.query("CREATE TABLE t (n int PRIMARY KEY); INSERT INTO t VALUES (1)");
    const duplicate = await database.query("INSERT INTO t VALUES ($1)", [1]).catch((error: unknown) => error);
    expect(isDuplicate(duplicate)).toBe(true);
    await expect(database.query("SELECT nothing FROM nowhere")).rejects.toMatchObject({ code: "42P01" });
    expect(await database.query("SELECT n FROM t")).toEqual([{ n: 1 }]);
  });

  it("hands notices to whoever listens, after the transaction's end", async () => {
    const heard: string[] = [];
    const stop = await database.listen("news", (payload) => heard.push(payload));
    await database.transaction(async (tx) => {
      await tx.query("SELECT pg_notify('news', $1)", ["one"]);
      await sleep(20);
      expect(heard).toEqual([]);
    });
    await until(() => heard.length === 1);
    await stop();
    await database.query("SELECT pg_notify('news', $1)", ["two"]);
    await sleep(50);
    expect(heard).toEqual(["one"]);
  });

  it("migrates once, in order, also when two begin at once", async () => {
    const steps = [
      { id: "002-more", sql: "ALTER TABLE thing ADD COLUMN more int" },
      { id: "001-thing", sql: "CREATE TABLE thing (id int); INSERT INTO thing VALUES (1)" },
    ];
    const ran = await Promise.all([migrate(database, steps), migrate(database, steps)]);
    expect(ran.flat().toSorted()).toEqual(["001-thing", "002-more"]);
    expect(await database.query("SELECT * FROM thing")).toEqual([{ id: 1, more: null }]);
  });

  it("leaves nothing of a step that fails", async () => {
    const broken = [{ id: "001-bad", sql: "CREATE TABLE thing (id int); SELECT 1/0" }];
    await expect(migrate(database, broken)).rejects.toThrow();
    await expect(database.query("SELECT * FROM thing")).rejects.toMatchObject({ code: "42P01" });
  });

  it("says that it is gone when it is closed", async () => {
    await database.close();
    await expect(database.query("SELECT 1")).rejects.toThrow();
  });
});

async function until(condition: () => boolean): Promise<void> {
  for (let tries = 0; !condition() && tries < 200; tries += 1) await sleep(10);
  expect(condition()).toBe(true);
}
