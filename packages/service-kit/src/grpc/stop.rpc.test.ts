import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { emptyEdit, progress, startEditor } from "../../tests/editor-server.ts";
import { BoundedQueue } from "../bounded-queue.ts";

describe("stopping a server", () => {
  it("loses no running and no queued edit, and refuses new calls", async () => {
    const queue = new BoundedQueue({ name: "edits", concurrency: 1, maxQueue: 4 });
    const preview = { data: Buffer.alloc(4 * 1024 * 1024, 7), mediaType: "image/png" };
    const { server, client } = await startEditor({
      async *edit(_, { signal }) {
        using _slot = await queue.acquire({ signal });
        for (let step = 1; step <= 4; step += 1) {
          await sleep(50, undefined, { signal });
          yield progress(step, 4);
        }
        yield { event: { $case: "progress", value: { step: 5, steps: 5, preview } } };
      },
    });
    const edits = Array.from({ length: 4 }, () => Array.fromAsync(client.edit(emptyEdit)));
    while (queue.waiting < 3) await sleep(5);
    const stopped = server.stop();
    await expect(client.listMethods({}, { deadlineMs: 10_000 })).rejects.toMatchObject({ code: "UNAVAILABLE" });
    for (const events of await Promise.all(edits)) {
      expect(events).toHaveLength(5);
      const last = events[4]?.event;
      expect(last?.$case === "progress" && last.value.preview?.data.equals(preview.data)).toBe(true);
    }
    await stopped;
    expect(queue.running).toBe(0);
    client.close();
  });

  it("waits for a handler that still cleans up after its caller has left", async () => {
    let cleaned = false;
    const { server, client } = await startEditor({
      async *edit() {
        try {
          for (let step = 1; ; step += 1) yield progress(step);
        } finally {
          await sleep(200);
          cleaned = true;
        }
      },
    });
    for await (const _ of client.edit(emptyEdit)) break;
    await server.stop();
    expect(cleaned).toBe(true);
    client.close();
  });

  it("aborts what outlasts the drain", async () => {
    const arrived = Promise.withResolvers<void>();
    const reason = Promise.withResolvers<unknown>();
    const { server, client } = await startEditor(
      {
        listMethods: async (_, { signal }) => {
          arrived.resolve();
          await sleep(60_000, undefined, { signal }).catch(() => reason.resolve(signal.reason));
          throw signal.reason;
        },
      },
      { drainMs: 100 },
    );
    const call = client.listMethods({}).catch((error: unknown) => error);
    await arrived.promise;
    const startedAt = performance.now();
    await server.stop();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(await reason.promise).toMatchObject({ code: "UNAVAILABLE", reason: "SERVICE_STOPPING" });
    expect(await call).toMatchObject({ code: "UNAVAILABLE" });
    client.close();
  });
});
