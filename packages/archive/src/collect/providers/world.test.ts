import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { STYLES, sample } from "@moodifier/world";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CollectedRecord } from "../../record.ts";
import { openArchive } from "../../store/archive-folder.ts";
import { readRecords, readSummary } from "../../store/unit.ts";
import { collect } from "../collect.ts";
import { createWorldProvider } from "./world.ts";
import { termsOf } from "./world-licence.ts";

describe("the world provider", () => {
  let dir: string;
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), "archive-"));
  });
  afterEach(() => rm(dir, { recursive: true, force: true }));

  it("draws the emotions in turn, each with its licence, and the same bytes each time", async () => {
    const digests: string[][] = [];
    for (const name of ["a", "b"]) {
      const archive = await openArchive(join(dir, name), { unitSize: 4 });
      const provider = createWorldProvider({ count: 6, seed: 3, size: 64 });
      expect(await collect(archive, provider)).toMatchObject({ in: 6, out: 6, units: 2 });
      await provider.close?.();
      const records = await Promise.all(
        [0, 1].map(async (unit) =>
          readRecords<CollectedRecord>(archive, "collect", (await readSummary(archive, "collect", unit))!),
        ),
      );
      const all = records.flat();
      expect(all.slice(0, 3).map(({ emotion }) => emotion)).toEqual(["admiration", "amusement", "approval"]);
      expect(all.every(({ context, alt }) => context === "face" && alt !== undefined)).toBe(true);
      digests.push(all.map(({ sha256 }) => sha256));
    }
    expect(digests[0]).toEqual(digests[1]);
  });

  it("knows the terms of every style", () => {
    for (const { name } of STYLES)
      expect(termsOf(sample(1, { style: name })).licence.id).toMatch(/^(CC-BY-4.0|CC0-1.0|LicenseRef-Avataaars)$/);
    expect(termsOf(sample(1, { style: "micah" })).attribution).toContain("Micah Lanier");
    expect(termsOf(sample(1, { category: "vase" })).licence.id).toBe("Apache-2.0");
  });

  it("names what it does not know", () => {
    expect(() => createWorldProvider({ count: 1, seed: 1, size: 64, categories: ["hat" as never] })).toThrow(
      /categories: .*"hat"/,
    );
    expect(() => createWorldProvider({ count: 0, seed: 1, size: 64 })).toThrow(/count/);
  });
});
