import { describe, expect, it } from "vitest";
import { BoundedQueue } from "./bounded-queue.ts";
import type { MoodError } from "./errors/mood-error.ts";
import { createMetrics } from "./telemetry/metrics.ts";

function gate() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { promise, open: resolve };
}

describe("BoundedQueue", () => {
  it("runs as many as allowed, in the order of arrival", async () => {
    const queue = new BoundedQueue({ name: "q", concurrency: 2, maxQueue: 10 });
    const gates = Array.from({ length: 4 }, gate);
    const started: number[] = [];
    const runs = gates.map((each, index) =>
      queue.run(async () => {
        started.push(index);
        await each.promise;
        return index;
      }),
    );
    await Promise.resolve();
    expect([queue.running, queue.waiting]).toEqual([2, 2]);
    gates[1]?.open();
    await runs[1];
    gates[0]?.open();
    await runs[0];
    gates[2]?.open();
    gates[3]?.open();
    expect(await Promise.all(runs)).toEqual([0, 1, 2, 3]);
    expect(started).toEqual([0, 1, 2, 3]);
    expect([queue.running, queue.waiting]).toEqual([0, 0]);
  });

  it("refuses when full and estimates the wait from recent durations", async () => {
    const queue = new BoundedQueue({ name: "edits", concurrency: 1, maxQueue: 0 });
    await queue.run(() => new Promise((resolve) => setTimeout(resolve, 1200)));
    const slot = await queue.acquire();
    const error = await queue.acquire().catch((caught: unknown) => caught as MoodError);
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" });
    expect((error as MoodError).details.retryAfterSeconds).toBeGreaterThanOrEqual(2);
    slot.release();
    slot.release();
    expect(queue.running).toBe(0);
  });

  it("lets an aborted task leave the queue, and keeps the place of a failed one free", async () => {
    const metrics = createMetrics({ service: "t" });
    const queue = new BoundedQueue({ name: "q", concurrency: 1, maxQueue: 2, metrics });
    const hold = await queue.acquire();
    const abort = new AbortController();
    const aborted = queue.run(() => "ran", { signal: abort.signal });
    const failing = queue.run(() => {
      throw new Error("task");
    });
    abort.abort(new Error("left"));
    await expect(aborted).rejects.toThrow("left");
    expect(queue.waiting).toBe(1);
    hold.release();
    await expect(failing).rejects.toThrow("task");
    expect(await queue.run(() => "next")).toBe("next");
    await expect(queue.run(() => "never", { signal: AbortSignal.abort(new Error("early")) })).rejects.toThrow("early");
    expect(queue.running).toBe(0);
    expect(await metrics.registry.metrics()).toContain('moodifier_queue_wait_seconds_count{service="t",queue="q"} 3');
  });
});
