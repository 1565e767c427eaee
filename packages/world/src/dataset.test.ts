import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { writeDataset } from "./dataset.ts";
import { renderPair, type DatasetRecord } from "./dataset-record.ts";
import { drawSheet } from "./sheet.ts";

const SIZE = 64;
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "moodworld-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it("writes what it renders, and the same bytes with any number of workers", async () => {
  const [one, two] = [join(root, "one"), join(root, "two")];
  const header = await writeDataset({ dir: one, count: 72, seed: 3, size: SIZE, workers: 1 });
  await writeDataset({ dir: two, count: 72, seed: 3, size: SIZE, workers: 2 });
  expect(JSON.parse(await readFile(join(one, "dataset.json"), "utf8"))).toEqual(header);
  expect(header).toMatchObject({ format: "moodworld-raw", version: 1, size: SIZE, count: 72, seed: 3 });
  expect(header.parts.slice(0, 5)).toEqual(["other", "mouth", "eyes", "eyebrows", "face"]);
  for (const name of ["images.u8", "parts.u8", "records.jsonl", "dataset.json"]) {
    expect(Buffer.compare(await readFile(join(one, name)), await readFile(join(two, name))), name).toBe(0);
  }

  const images = await readFile(join(one, "images.u8"));
  const parts = await readFile(join(one, "parts.u8"));
  expect(images).toHaveLength(72 * SIZE * SIZE * 3);
  expect(parts).toHaveLength(72 * SIZE * SIZE);
  const records = (await readFile(join(one, "records.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as DatasetRecord);
  expect(records).toHaveLength(72);
  for (const side of [0, 1] as const) {
    const { record, rendered } = (await renderPair(3, 35, SIZE))[side];
    const index = 70 + side;
    expect(records[index]).toEqual(record);
    expect(
      Buffer.compare(images.subarray(index * SIZE * SIZE * 3, (index + 1) * SIZE * SIZE * 3), rendered.picture),
    ).toBe(0);
    expect(Buffer.compare(parts.subarray(index * SIZE * SIZE, (index + 1) * SIZE * SIZE), rendered.parts)).toBe(0);
  }
  records.forEach((record, index) => {
    const partner = records[record.pair]!;
    expect(record.index).toBe(index);
    expect(partner.pair).toBe(index);
    expect(partner.identity).toBe(record.identity);
    expect(partner.emotion).not.toBe(record.emotion);
    expect(partner.summary).toBe(record.summary);
    expect(partner.regions).toEqual(record.regions);
    expect(partner.split).toBe(record.split);
    expect(record.regions.length).toBeGreaterThanOrEqual(1);
    expect(record.regions.length).toBeLessThanOrEqual(5);
  });
});

it("draws a whole data set in one style, held-out ones included, and refuses a style that is not one", async () => {
  const dir = join(root, "held-out");
  await writeDataset({ dir, count: 8, seed: 3, size: SIZE, workers: 1, style: "lorelei" });
  const records = (await readFile(join(dir, "records.jsonl"), "utf8")).trimEnd().split("\n");
  expect(records.map((line) => (JSON.parse(line) as DatasetRecord).style)).toEqual(Array(8).fill("lorelei"));
  await expect(
    writeDataset({ dir: join(root, "unknown"), count: 2, seed: 3, size: SIZE, style: "loreley" }),
  ).rejects.toMatchObject({ reason: "STYLE_UNKNOWN" });
});

it("refuses an odd count and stops when aborted, leaving no dataset.json", async () => {
  await expect(writeDataset({ dir: join(root, "odd"), count: 3, seed: 1 })).rejects.toMatchObject({
    reason: "COUNT_OUT_OF_RANGE",
  });
  const dir = join(root, "aborted");
  const signal = AbortSignal.abort();
  await expect(writeDataset({ dir, count: 64, seed: 1, size: SIZE, signal })).rejects.toThrow();
  await expect(readFile(join(dir, "dataset.json"))).rejects.toThrow(/ENOENT/);
});

it("says how to install Chromium where products are wanted without it", async () => {
  process.env["MOODIFIER_CHROMIUM"] = join(root, "no-such-browser");
  try {
    const wanted = writeDataset({ dir: join(root, "products"), count: 2, seed: 1, shares: { vase: 1 } });
    await expect(wanted).rejects.toMatchObject({
      reason: "CHROMIUM_MISSING",
      message: expect.stringContaining("apt-get install chromium") as string,
    });
  } finally {
    delete process.env["MOODIFIER_CHROMIUM"];
  }
});

it("draws a contact sheet", () => {
  const png = drawSheet({ style: "micah", identities: 1, size: 32 });
  expect(Buffer.from(png.subarray(1, 4)).toString()).toBe("PNG");
});
