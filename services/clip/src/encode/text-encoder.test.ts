import { readFile } from "node:fs/promises";
import { openModel, type Model } from "@moodifier/inference";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TextEncoder } from "./text-encoder.ts";

type TextCase = { text: string; ids: number[]; embedding: number[]; firstState: number[]; lastState: number[] };

const golden = new URL("../../../../tests/golden/", import.meta.url);
const batches: number[] = [];
let model: Model;
let encoder: TextEncoder;

function onBatch(_: string, size: number): void {
  batches.push(size);
}

beforeAll(async () => {
  model = await openModel(new URL("tiny", golden).pathname, { threads: 1 });
  encoder = await TextEncoder.open(model, { maxBatch: 8, maxDelayMs: 5, cacheBytes: 2 ** 20, onBatch });
});

afterAll(async () => {
  encoder?.close();
  await model?.close();
});

test("states and embeddings equal the Python reference in a batch with padding", async () => {
  const { cases, tolerance } = JSON.parse(await readFile(new URL("text-encoder.json", golden), "utf8")) as {
    cases: TextCase[];
    tolerance: number;
  };
  const tokens = encoder.tokenize(
    cases.map(({ text }) => text),
    false,
  );
  const length = encoder.paddedLength(tokens);
  const encoded = await Promise.all(tokens.map((item) => encoder.encode(item, length)));
  for (const [index, { text, ids, embedding, firstState, lastState }] of cases.entries()) {
    const { hidden, pooled } = encoded[index] ?? {};
    const width = hidden?.dims[1] ?? 0;
    const end = (ids.length - 1) * width;
    expect(tokens[index]?.ids, text).toEqual(ids);
    expectClose(pooled?.data, embedding, tolerance, `${text}: embedding`);
    expectClose(hidden?.data.subarray(0, width), firstState, tolerance, `${text}: first state`);
    expectClose(hidden?.data.subarray(end, end + width), lastState, tolerance, `${text}: last state`);
  }
});

test("texts asked together share a run and a known text needs none", async () => {
  const tokens = encoder.tokenize(["one", "two", "three"], false);
  batches.length = 0;
  const first = await Promise.all(tokens.map((item) => encoder.encode(item, 16)));
  expect(batches).toEqual([3]);
  const again = await Promise.all(tokens.map((item) => encoder.encode(item, 16)));
  expect(again).toEqual(first);
  expect(batches).toEqual([3]);
});

function expectClose(values: Float32Array | undefined, expected: number[], tolerance: number, what: string): void {
  expect(values?.length, what).toBe(expected.length);
  const worst = Math.max(...expected.map((value, at) => Math.abs(value - (values?.[at] ?? Number.NaN))));
  expect(worst, what).toBeLessThanOrEqual(tolerance);
}
