import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  annotate,
  collect,
  DEFAULT_PHRASES,
  filter,
  openArchive,
  publish,
  score,
} from "../../packages/archive/src/index.ts";
import { createAnnotator, createBlocksProvider, createScorer } from "../../packages/archive/tests/stand-ins.ts";
import { preparePython, readDataset } from "./python-reader.ts";

const dir = mkdtempSync(join(tmpdir(), "archive-"));

beforeAll(preparePython);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("writes shards that webdataset opens and an index that pyarrow and duckdb open, and they agree", async () => {
  const archive = await openArchive(dir, { unitSize: 50 });
  await collect(archive, createBlocksProvider(210));
  await filter(archive, { minSide: 64 });
  await annotate(archive, createAnnotator());
  await score(archive, createScorer(), DEFAULT_PHRASES);
  const { out } = await publish(archive, { shardSamples: 40 });
  const found = readDataset(join(dir, "dataset"));
  expect(found).toMatchObject({
    samples: out,
    rows: out,
    emotions: 3,
    leaking_groups: 0,
    sizes: [[128, 128]],
    faults: [],
  });
  expect(found.shards).toBeGreaterThanOrEqual(4);
});
