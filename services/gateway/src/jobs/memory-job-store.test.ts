import { describe, expect, it } from "vitest";
import type { JobEvent, JobInput } from "./job.ts";
import { MemoryJobStore } from "./memory-job-store.ts";

const input: JobInput = {
  settings: { emotion: "joy", intensity: 0.8, seed: 0n, previewEvery: 0 },
  image: { data: Buffer.from("picture"), mediaType: "image/png" },
  width: 8,
  height: 8,
  warnings: [],
};
const preview = { data: Buffer.from("preview"), mediaType: "image/png" };
const never = new AbortController().signal;

function createStore(now = { ms: 1000 }) {
  return new MemoryJobStore({ maxQueued: 3, retentionMs: 5000, maxFinished: 2, now: () => now.ms });
}

async function collect(events: AsyncIterable<JobEvent>): Promise<JobEvent[]> {
  const all: JobEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("MemoryJobStore", () => {
  it("hands jobs out once, oldest first", async () => {
    const store = createStore();
    const first = await store.create(input);
    const second = await store.create(input);
    const taken = await Promise.all([store.take(), store.take(), store.take()]);
    expect(taken.map((each) => each?.job.id)).toEqual([first.id, second.id, undefined]);
    expect(taken[0]?.job).toMatchObject({ status: "planning", stage: "planning", sequence: 2 });
  });

  it("refuses a job when too many wait", async () => {
    const store = createStore();
    for (let count = 0; count < 3; count += 1) await store.create(input);
    await expect(store.create(input)).rejects.toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" });
    await store.take();
    await store.create(input);
  });

  it("never changes a job that has ended", async () => {
    const store = createStore();
    const { id } = await store.create(input);
    await store.change(id, { status: "cancelled" });
    expect(await store.change(id, { status: "succeeded", result: preview })).toBeUndefined();
    expect(await store.get(id)).toMatchObject({ status: "cancelled", stage: "queued" });
    expect(await store.result(id)).toBeUndefined();
    expect(await store.take()).toBeUndefined();
  });

  it("numbers events without gaps, for readers that come early and late", async () => {
    const store = createStore();
    const { id } = await store.create(input);
    const early = collect(store.watch(id, 0, never));
    await store.take();
    await store.change(id, { status: "editing", preview });
    await store.change(id, { preview });
    await store.change(id, { status: "succeeded", result: preview });
    const events = await early;
    expect(events.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
    expect(await collect(store.watch(id, 3, never))).toMatchObject([
      { sequence: 4, preview },
      { sequence: 5, status: "succeeded" },
    ]);
    const late = await collect(store.watch(id, 0, never));
    expect(late.filter((event) => event.preview)).toHaveLength(1);
  });

  it("ends a watch when its reader goes", async () => {
    const store = createStore();
    const { id } = await store.create(input);
    const reader = new AbortController();
    const events = collect(store.watch(id, 0, reader.signal));
    setTimeout(() => reader.abort(), 10);
    expect(await events).toHaveLength(1);
  });

  it("adds up timings and closes them at the end", async () => {
    const now = { ms: 1000 };
    const store = createStore(now);
    const { id } = await store.create(input);
    now.ms = 1100;
    await store.take();
    await store.change(id, { timings: { planning_ms: 30 } });
    now.ms = 1500;
    await store.change(id, { status: "failed" });
    expect(await store.get(id)).toMatchObject({
      createdAt: 1000,
      startedAt: 1100,
      finishedAt: 1500,
      timings: { queued_ms: 100, planning_ms: 30, total_ms: 500 },
    });
  });

  it("fails what still waits when it closes, and leaves what runs", async () => {
    const store = createStore();
    const running = await store.create(input);
    await store.take();
    const waiting = await store.create(input);
    await store.close();
    expect(await store.get(waiting.id)).toMatchObject({
      status: "failed",
      problem: { reason: "SHUTTING_DOWN", status: 503 },
    });
    expect(await store.get(running.id)).toMatchObject({ status: "planning" });
  });

  it("forgets finished jobs by age and by number", async () => {
    const now = { ms: 1000 };
    const store = createStore(now);
    const ids: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      const { id } = await store.create(input);
      ids.push(id);
      await store.change(id, { status: "cancelled" });
    }
    const known = async () => (await Promise.all(ids.map((id) => store.get(id)))).map(Boolean);
    expect(await known()).toEqual([false, true, true]);
    now.ms += 6000;
    expect(await known()).toEqual([false, false, false]);
  });
});
