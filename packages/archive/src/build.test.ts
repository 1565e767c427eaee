import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
import { extract } from "tar-stream";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createAnnotator, createBlocksProvider, createScorer } from "../tests/stand-ins.ts";
import {
  type Archive,
  annotate,
  collect,
  DEFAULT_PHRASES,
  filter,
  openArchive,
  parseShard,
  publish,
  score,
} from "./index.ts";
import type { RunOptions } from "./run/run-stage.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "archive-"));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** Every stage; the reports by name. */
async function build(archive: Archive, count: number, options: RunOptions = {}) {
  const annotator = createAnnotator();
  const collected = await collect(archive, createBlocksProvider(count), options);
  const filtered = await filter(archive, { ...options, minSide: 64 });
  const annotated = await annotate(archive, annotator, options);
  const scored = await score(archive, createScorer(), DEFAULT_PHRASES, options);
  const published = await publish(archive, { ...options, shardSamples: 8 });
  return { collected, filtered, annotated, scored, published, asked: annotator.asked };
}

/** Names and digests of all published files. */
export async function digestDataset(folder: string): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  for (const entry of await readdir(join(folder, "dataset"), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    digests[path.slice(folder.length)] = createHash("sha256")
      .update(await readFile(path))
      .digest("hex");
  }
  return digests;
}

async function readTar(path: string): Promise<Map<string, Buffer>> {
  const entries = new Map<string, Buffer>();
  const stream = extract();
  stream.end(await readFile(path));
  for await (const entry of stream) {
    const parts: Buffer[] = [];
    for await (const part of entry as AsyncIterable<Buffer>) parts.push(part);
    entries.set(entry.header.name, Buffer.concat(parts));
  }
  return entries;
}

describe("a build", () => {
  it("counts what came in, what stayed and why the rest did not", async () => {
    const { collected, filtered, scored, published } = await build(await openArchive(dir, { unitSize: 15 }), 63);
    expect(collected).toMatchObject({ in: 63, out: 63, units: 5, unitsKept: 0 });
    expect(filtered.filter).toMatchObject({ in: 63, out: 63, refused: {} });
    expect(filtered.dedupe).toMatchObject({ in: 63, out: 54, refused: { DUPLICATE: 9 } });
    // 18 records of each of three emotions; a fifth of them, rounded down, is 3.
    expect(scored.select).toMatchObject({ in: 54, out: 45, refused: { LOW_SCORE: 9 } });
    expect(published).toMatchObject({ in: 45, out: 45 });
  });

  it("publishes samples that agree in tar and index, and keeps a group in one split", async () => {
    await build(await openArchive(dir, { unitSize: 15 }), 63);
    const splits = new Map<unknown, Set<unknown>>();
    let rows = 0;
    for (const file of await readdir(join(dir, "dataset", "index"))) {
      const buffer = await readFile(join(dir, "dataset", "index", file));
      const index = await parquetReadObjects({
        file: buffer.buffer.slice(buffer.byteOffset, buffer.byteOffset + buffer.length),
      });
      const entries = await readTar(join(dir, "dataset", file.replace(".parquet", ".tar")));
      expect([...entries.keys()]).toEqual(index.flatMap(({ id }) => [`${id}.png`, `${id}.txt`, `${id}.json`]));
      for (const row of index) {
        const picture = entries.get(`${row["id"]}.png`)!;
        expect(createHash("sha256").update(picture).digest("hex")).toBe(row["sha256"]);
        expect(entries.get(`${row["id"]}.txt`)!.toString()).toBe(row["caption"]);
        expect(JSON.parse(entries.get(`${row["id"]}.json`)!.toString())).toMatchObject({
          id: row["id"],
          uri: row["uri"],
        });
        expect(row).toMatchObject({ licence: "CC0-1.0", split: file.replace(/-\d+\.parquet$/, "") });
        splits.set(row["group"], (splits.get(row["group"]) ?? new Set()).add(row["split"]));
        rows++;
      }
    }
    expect(rows).toBe(45);
    expect([...splits.values()].every((found) => found.size === 1)).toBe(true);
    expect(await readFile(join(dir, "dataset", "README.md"), "utf8")).toContain("| CC0-1.0 | 45 |");
  });

  it("does nothing a second time, and only what a changed option asks for", async () => {
    const archive = await openArchive(dir, { unitSize: 15 });
    await build(archive, 45);
    const before = await digestDataset(dir);
    const again = await build(archive, 45);
    expect(again).toMatchObject({ asked: 0, collected: { unitsKept: 3, processed: 0 }, published: { processed: 0 } });
    expect(await digestDataset(dir)).toEqual(before);
    const stricter = await filter(archive, { minSide: 65, maxDistance: 0 });
    expect(stricter.filter).toMatchObject({ unitsKept: 0, processed: 45 });
    // The pictures are the same, so nobody describes them again.
    const annotator = createAnnotator();
    expect(await annotate(archive, annotator)).toMatchObject({ out: 39 });
    expect(annotator.asked).toBe(0);
  });

  it("gives the same bytes however it is sharded", async () => {
    await build(await openArchive(dir, { unitSize: 15 }), 60);
    const whole = await digestDataset(dir);
    const other = await mkdtemp(join(tmpdir(), "archive-"));
    try {
      const archive = await openArchive(other, { unitSize: 15 });
      const shards = [0, 1, 2].map((index) => ({ shard: parseShard(`${index}/3`) }));
      for (const shard of shards) await collect(archive, createBlocksProvider(60), shard);
      for (const shard of shards) await filter(archive, { ...shard, minSide: 64 });
      for (const shard of shards) await annotate(archive, createAnnotator(), shard);
      for (const shard of shards) await score(archive, createScorer(), DEFAULT_PHRASES, shard);
      for (const shard of shards) await publish(archive, { ...shard, shardSamples: 8 });
      expect(await digestDataset(other)).toEqual(whole);
    } finally {
      await rm(other, { recursive: true, force: true });
    }
  });

  it("says which stage has to come first, and refuses what is no archive", async () => {
    await expect(openArchive(dir)).rejects.toMatchObject({ reason: "ARCHIVE_INVALID" });
    const archive = await openArchive(dir, { unitSize: 15 });
    await expect(filter(archive)).rejects.toMatchObject({ reason: "STAGE_INCOMPLETE" });
    await collect(archive, createBlocksProvider(30));
    await expect(annotate(archive, createAnnotator())).rejects.toThrow(
      /stage dedupe lacks unit 0 of 2; run "archive filter"/,
    );
    await expect(openArchive(dir, { unitSize: 16 })).rejects.toMatchObject({ reason: "OPTION_INVALID" });
    expect(() => parseShard("3/3")).toThrow(/0 <= i < n/);
  });

  it("notices a unit that is not the one committed", async () => {
    const archive = await openArchive(dir, { unitSize: 15 });
    await collect(archive, createBlocksProvider(15));
    await writeFile(archive.unitPath("collect", 0, "jsonl"), "{}\n");
    await expect(filter(archive, { minSide: 64 })).rejects.toMatchObject({ reason: "UNIT_CORRUPT" });
  });
});
