import { mkdir, mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Archive, openArchive } from "./archive-folder.ts";
import { addCollection, readPlan, readSpecs } from "./plan.ts";
import { readSummary } from "./unit.ts";

let dir: string;
let archive: Archive;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "archive-"));
  archive = await openArchive(dir, { unitSize: 10 });
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function* specs(name: string, units: number) {
  for (let unit = 0; unit < units; unit++) yield { spec: { name, unit }, expected: 10 };
}

describe("addCollection", () => {
  it("gives commands that begin at the same time units of their own", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const added = await Promise.all(
      names.map((name, i) => addCollection(archive, name, name.repeat(16), specs(name, i + 1))),
    );
    const units = added.flatMap(({ firstUnit, units: count }) =>
      Array.from({ length: count }, (_, i) => firstUnit + i),
    );
    expect(units.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 15 }, (_, i) => i));
    expect((await readPlan(archive)).units).toBe(15);
  });

  it("gives one command the same units however often it begins, with the specs of the first", async () => {
    const [first, second] = await Promise.all(
      ["a", "b"].map((name) => addCollection(archive, "folder", "f".repeat(16), specs(name, 2))),
    );
    expect(second).toEqual(first);
    const again = await addCollection(archive, "folder", "f".repeat(16), specs("c", 5));
    expect(again).toEqual(first);
    const names = new Set<unknown>();
    for await (const { spec } of readSpecs(archive, again)) names.add(spec["name"]);
    expect(names.size).toBe(1);
    expect([...names][0]).not.toBe("c");
  });

  it("takes over the lock of a process that was killed", async () => {
    await mkdir(archive.path("collect"));
    await writeFile(archive.path("collect", "plan.lock"), "");
    const long = Date.now() / 1000 - 60;
    await utimes(archive.path("collect", "plan.lock"), long, long);
    expect(await addCollection(archive, "a", "a".repeat(16), specs("a", 1))).toMatchObject({ firstUnit: 0, units: 1 });
  });
});

describe("a file that cannot be read", () => {
  it("does not count as missing", async () => {
    // A folder in its place is unreadable as a file, for every user.
    await mkdir(archive.path("collect", "plan.json"), { recursive: true });
    await expect(addCollection(archive, "a", "a".repeat(16), specs("a", 1))).rejects.toMatchObject({ code: "EISDIR" });
    await mkdir(archive.unitPath("filter", 0, "json"), { recursive: true });
    await expect(readSummary(archive, "filter", 0)).rejects.toMatchObject({ code: "EISDIR" });
    expect(await readSummary(archive, "filter", 1)).toBeUndefined();
  });
});
