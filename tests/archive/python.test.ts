import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
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

const here = fileURLToPath(new URL("./", import.meta.url));
const venv = join(here, ".venv");
const python = join(venv, "bin", "python");
const dir = mkdtempSync(join(tmpdir(), "archive-"));

/** An environment of its own with the pinned packages, made on first use and when they change. */
beforeAll(() => {
  const wanted = readFileSync(join(here, "requirements.txt"), "utf8");
  const stamp = join(venv, "installed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  execFileSync("python3", ["-m", "venv", venv]);
  execFileSync(python, ["-m", "pip", "install", "--quiet", "-r", join(here, "requirements.txt")], { stdio: "inherit" });
  writeFileSync(stamp, wanted);
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("writes shards that webdataset opens and an index that pyarrow and duckdb open, and they agree", async () => {
  const archive = await openArchive(dir, { unitSize: 50 });
  await collect(archive, createBlocksProvider(210));
  await filter(archive, { minSide: 64 });
  await annotate(archive, createAnnotator());
  await score(archive, createScorer(), DEFAULT_PHRASES);
  const { out } = await publish(archive, { shardSamples: 40 });
  const found = JSON.parse(
    execFileSync(python, [join(here, "read_dataset.py"), join(dir, "dataset")], { encoding: "utf8" }),
  );
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
