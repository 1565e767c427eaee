import { expect, test } from "vitest";
import { Batcher } from "./batcher.ts";

function doubling(options: { maxBatch: number; maxDelayMs: number; key?: (item: number) => string }) {
  const batches: number[][] = [];
  const batcher = new Batcher<number, number>({
    name: "test",
    ...options,
    run: async (items) => {
      batches.push(items);
      return items.map((item) => item * 2);
    },
  });
  return { batcher, batches };
}

test("items that arrive together share one run and keep their order", async () => {
  const { batcher, batches } = doubling({ maxBatch: 8, maxDelayMs: 5 });
  expect(await Promise.all([1, 2, 3].map((item) => batcher.submit(item)))).toEqual([2, 4, 6]);
  expect(batches).toEqual([[1, 2, 3]]);
});

test("a full batch starts without waiting", async () => {
  const { batcher, batches } = doubling({ maxBatch: 2, maxDelayMs: 60_000 });
  expect(await Promise.all([1, 2, 3, 4].map((item) => batcher.submit(item)))).toEqual([2, 4, 6, 8]);
  expect(batches).toEqual([
    [1, 2],
    [3, 4],
  ]);
});

test("items of different keys never share a run", async () => {
  const { batcher, batches } = doubling({ maxBatch: 8, maxDelayMs: 2, key: (item) => String(item % 2) });
  await Promise.all([1, 2, 3, 4].map((item) => batcher.submit(item)));
  expect(batches).toEqual([
    [1, 3],
    [2, 4],
  ]);
});

test("an aborted item leaves its batch and the others still run", async () => {
  const { batcher, batches } = doubling({ maxBatch: 8, maxDelayMs: 5 });
  const controller = new AbortController();
  const given = batcher.submit(1, controller.signal);
  const kept = batcher.submit(2);
  controller.abort(new Error("gone"));
  await expect(given).rejects.toThrow("gone");
  expect(await kept).toBe(4);
  expect(batches).toEqual([[2]]);
});

test("a batch whose items are all gone does not run", async () => {
  const { batcher, batches } = doubling({ maxBatch: 8, maxDelayMs: 1 });
  const controller = new AbortController();
  const given = batcher.submit(1, controller.signal);
  controller.abort(new Error("gone"));
  await expect(given).rejects.toThrow("gone");
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(batches).toEqual([]);
});

test("a running batch is aborted only when every item was given up", async () => {
  const seen: AbortSignal[] = [];
  const finish = Promise.withResolvers<void>();
  const batcher = new Batcher<number, number>({
    name: "test",
    maxBatch: 2,
    maxDelayMs: 1,
    run: async (items, signal) => {
      seen.push(signal);
      await finish.promise;
      return items;
    },
  });
  const [first, second] = [new AbortController(), new AbortController()];
  const results = Promise.allSettled([batcher.submit(1, first.signal), batcher.submit(2, second.signal)]);
  first.abort();
  expect(seen[0]?.aborted).toBe(false);
  second.abort();
  expect(seen[0]?.aborted).toBe(true);
  finish.resolve();
  expect((await results).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
});

test("the error of a run reaches every item and the next batch works", async () => {
  let calls = 0;
  const batcher = new Batcher<number, number>({
    name: "test",
    maxBatch: 2,
    maxDelayMs: 1,
    run: async (items) => {
      if (calls++ === 0) throw new Error("broken");
      return items;
    },
  });
  const failed = await Promise.allSettled([batcher.submit(1), batcher.submit(2)]);
  expect(failed.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await batcher.submit(3)).toBe(3);
});

test("close runs what waits and refuses more", async () => {
  const { batcher, batches } = doubling({ maxBatch: 8, maxDelayMs: 60_000 });
  const waiting = batcher.submit(1);
  batcher.close();
  expect(await waiting).toBe(2);
  await expect(batcher.submit(2)).rejects.toThrow("closed");
  expect(batches).toEqual([[1]]);
});
