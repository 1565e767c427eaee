import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openPglite } from "./pglite-database.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodifier-pglite-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it("keeps its data, and lets nobody else in while it is open", async () => {
  const first = await openPglite(folder);
  await first.query("CREATE TABLE t (n int); INSERT INTO t VALUES (7)");
  await expect(openPglite(folder)).rejects.toMatchObject({
    code: "FAILED_PRECONDITION",
    reason: "DATA_DIR_LOCKED",
    details: { pid: process.pid },
  });
  await first.close();
  const second = await openPglite(folder);
  expect(await second.query("SELECT n FROM t")).toEqual([{ n: 7 }]);
  await second.close();
});

it.each([
  ["a dead process", () => ({ pid: 2 ** 22 + 1, host: hostname(), started: "1", token: "t" })],
  [
    "an earlier life of this process's number",
    () => ({ pid: process.pid, host: hostname(), started: "1", token: "t" }),
  ],
])("takes over a lock of %s", async (_whose, owner) => {
  await writeFile(join(folder, "database.lock"), JSON.stringify(owner()));
  const database = await openPglite(folder);
  await database.close();
});

it("respects a lock of another host that is touched", async () => {
  const owner = { pid: 1, host: "elsewhere", started: "1", token: "t" };
  await writeFile(join(folder, "database.lock"), JSON.stringify(owner));
  await expect(openPglite(folder)).rejects.toMatchObject({ reason: "DATA_DIR_LOCKED", details: { host: "elsewhere" } });
});

it("does not keep a process alive", async () => {
  const source = new URL("./pglite-database.ts", import.meta.url).href;
  const script = `import { openPglite } from ${JSON.stringify(source)}; const db = await openPglite(); await db.query("SELECT 1");`;
  const child = spawn(process.execPath, ["--conditions=source", "--input-type=module", "-e", script], {
    stdio: "inherit",
  });
  expect(await new Promise((resolve) => child.once("exit", resolve))).toBe(0);
});
