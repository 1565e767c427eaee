import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { diffusion } from "@moodifier/proto";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";
import { BoundedQueue, MoodError } from "../index.ts";

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
});

async function start(...args: Parameters<typeof startEditor>) {
  const editor = await startEditor(...args);
  cleanups.push(editor.close);
  return editor;
}

function picture(mib: number) {
  return { data: Buffer.alloc(mib * 1024 * 1024), mediaType: "image/png" };
}

describe("a served call", () => {
  it("streams events in order", async () => {
    const { client } = await start({
      async *edit() {
        for (let step = 1; step <= 3; step += 1) yield progress(step, 3);
      },
    });
    const events = await Array.fromAsync(client.edit(emptyEdit));
    expect(events).toEqual([progress(1, 3), progress(2, 3), progress(3, 3)]);
  });

  it("aborts the handler's signal when the deadline passes, and answers DEADLINE_EXCEEDED", async () => {
    const stopped = Promise.withResolvers<unknown>();
    const { client } = await start({
      listMethods: async (_, { signal }) => {
        await sleep(10_000, undefined, { signal }).catch(() => stopped.resolve(signal.reason));
        throw signal.reason;
      },
    });
    const startedAt = performance.now();
    await expect(client.listMethods({}, { deadlineMs: 500 })).rejects.toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(await stopped.promise).toMatchObject({ code: "DEADLINE_EXCEEDED" });
    expect(performance.now() - startedAt).toBeLessThan(8000);
  });

  it("carries the deadline and the cancellation of a served call to the calls made within it", async () => {
    const seen: number[] = [];
    const stopped = Promise.withResolvers<void>();
    const inner = await start({
      listMethods: async (_, { signal, deadline }) => {
        seen.push(deadline - Date.now());
        await sleep(10_000, undefined, { signal }).catch(() => stopped.resolve());
        throw signal.reason;
      },
    });
    const outer = await start({
      listMethods: (request, context) => inner.client.listMethods(request, { parent: context }),
    });
    const abort = new AbortController();
    const call = outer.client.listMethods({}, { deadlineMs: 30_000, signal: abort.signal });
    while (seen.length === 0) await sleep(5);
    abort.abort();
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    await stopped.promise;
    expect(seen[0]).toBeGreaterThan(15_000);
    expect(seen[0]).toBeLessThanOrEqual(30_000);
  });

  it("stops a stream's handler when the caller leaves in the middle", async () => {
    let steps = 0;
    const cleaned = Promise.withResolvers<unknown>();
    const { client } = await start({
      async *edit(_, { signal }) {
        try {
          for (;;) {
            steps += 1;
            yield progress(steps);
            await sleep(20, undefined, { signal });
          }
        } finally {
          cleaned.resolve(signal.reason);
        }
      },
    });
    for await (const event of client.edit(emptyEdit)) {
      if (event.event?.$case === "progress" && event.event.value.step === 2) break;
    }
    expect(await cleaned.promise).toMatchObject({ code: "CANCELLED" });
    const atStop = steps;
    await sleep(100);
    expect(steps).toBe(atStop);
  });

  it("pulls the handler's events only as fast as the caller reads", async () => {
    let made = 0;
    const preview = { data: Buffer.alloc(1024 * 1024), mediaType: "image/png" };
    const { client } = await start({
      async *edit() {
        for (; made < 100; made += 1)
          yield { event: { $case: "progress", value: { step: made, steps: 100, preview } } };
      },
    });
    let read = 0;
    for await (const _ of client.edit(emptyEdit)) {
      read += 1;
      if (read > 2) break;
      await sleep(100);
    }
    expect(made).toBeLessThan(60);
  });

  it("carries code, reason, message and details of an error to the caller", async () => {
    const { client } = await start({
      listMethods: async () => {
        throw new MoodError("INVALID_ARGUMENT", "EMOTION_UNKNOWN", "emotion: expected one of the 27, got “jöy”", {
          details: { near: ["joy"] },
        });
      },
      async *edit() {
        yield progress(1);
        throw new MoodError("FAILED_PRECONDITION", "MASK_EMPTY", "mask: expected at least one pixel");
      },
    });
    await expect(client.listMethods({})).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "EMOTION_UNKNOWN",
      message: "emotion: expected one of the 27, got “jöy”",
      details: { near: ["joy"] },
    });
    const events: diffusion.EditEvent[] = [];
    const reading = (async () => {
      for await (const event of client.edit(emptyEdit)) events.push(event);
    })();
    await expect(reading).rejects.toMatchObject({ code: "FAILED_PRECONDITION", reason: "MASK_EMPTY" });
    expect(events).toHaveLength(1);
  });

  it("hides an unknown error from the caller and logs it", async () => {
    const { client, lines } = await start({
      listMethods: async () => {
        throw new TypeError("secret path /srv/x");
      },
    });
    const error = await client.listMethods({}).catch((caught: unknown) => caught as MoodError);
    expect(error).toMatchObject({ code: "INTERNAL", reason: "INTERNAL" });
    expect((error as MoodError).message).not.toContain("secret");
    await vi.waitFor(() => expect(lines.join("")).toContain("secret path"), 5000);
  });

  it("refuses a task with retry-after when the queue is full", async () => {
    const queue = new BoundedQueue({ name: "edits", concurrency: 1, maxQueue: 1 });
    const release = Promise.withResolvers<void>();
    const { client } = await start({
      listMethods: (_, { signal }) => queue.run(() => release.promise.then(() => ({ methods: [] })), { signal }),
    });
    const running = [client.listMethods({}), client.listMethods({})];
    while (queue.waiting === 0) await sleep(5);
    await expect(client.listMethods({})).rejects.toMatchObject({
      code: "RESOURCE_EXHAUSTED",
      reason: "QUEUE_FULL",
      details: { retryAfterSeconds: expect.any(Number) },
    });
    release.resolve();
    await Promise.all(running);
  });

  it("takes a 65 MiB picture and refuses a message above the limit with a reason", async () => {
    const { client } = await start({
      async *edit(request) {
        yield progress(request.image?.data.length ?? 0);
      },
    });
    expect(await Array.fromAsync(client.edit({ method: "", image: picture(65) }))).toEqual([
      progress(65 * 1024 * 1024),
    ]);
    await expect(Array.fromAsync(client.edit({ method: "", image: picture(193) }))).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MESSAGE_TOO_LARGE",
    });
  });

  it("joins the trace of the caller, counts the call, and records its stages", async () => {
    const traces: string[] = [];
    const inner = await start({
      listMethods: async (_, { metadata, stage }) => {
        traces.push(String(metadata.get("traceparent")[0]));
        return await stage("list", async () => ({ methods: [] }));
      },
    });
    const outer = await start({
      listMethods: (request, context) => {
        traces.push(String(context.metadata.get("traceparent")[0]));
        return inner.client.listMethods(request, { parent: context });
      },
    });
    await outer.client.listMethods({});
    expect(traces.map((value) => value.split("-")[1])).toEqual([traces[0]?.split("-")[1], traces[0]?.split("-")[1]]);
    await vi.waitFor(async () => {
      expect(await inner.metrics.registry.metrics()).toMatch(/moodifier_rpc_server_running\{[^}]*\} 0/);
    }, 5000);
    const text = await inner.metrics.registry.metrics();
    expect(text).toContain('rpc_method="moodifier.diffusion.v1.Editor/ListMethods",rpc_response_status_code="OK"');
    expect(text).toContain('moodifier_stage_duration_seconds_count{service="editor",stage="list"} 1');
  });
});
