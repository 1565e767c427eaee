import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { ChatError } from "../vision-chat.ts";
import { createChatGuard, type ChatGuard } from "./chat-guard.ts";

const never = new AbortController().signal;

/** A server that never answers. */
const hang = (signal: AbortSignal) => sleep(60_000, undefined, { signal });

/** Requests that count, and fail until told otherwise. */
function failing(retryAfterMs = 0) {
  const server = { asked: 0, well: false };
  const request = async () => {
    server.asked++;
    if (!server.well) throw new ChatError("CHAT_UNAVAILABLE", "HTTP 503", { status: 503, retryAfterMs });
  };
  return { server, request };
}

async function breakCircuit(guard: ChatGuard): Promise<void> {
  const { request } = failing();
  for (const _ of [1, 2, 3, 4, 5]) await expect(guard.run(request, { limit: never })).rejects.toBeInstanceOf(ChatError);
}

test("a server that hangs is left alone after five timeouts, and callers are told for how long", async () => {
  const guard = createChatGuard({ attempts: 3, restMs: 30_000 });
  for (const _ of [1, 2, 3, 4, 5]) {
    const limit = AbortSignal.timeout(10);
    await expect(guard.run(hang, { limit })).rejects.toMatchObject({ reason: "CHAT_TIMEOUT" });
  }
  const { server, request } = failing();
  const refused = await guard.run(request, { limit: never }).catch((error: unknown) => error as ChatError);
  expect(refused).toMatchObject({
    reason: "CHAT_UNAVAILABLE",
    message: expect.stringContaining("left alone for 30 s"),
  });
  expect((refused as ChatError).retryAfterMs).toBeGreaterThan(20_000);
  expect((refused as ChatError).retryAfterMs).toBeLessThanOrEqual(30_000);
  expect(server.asked).toBe(0);
});

test("a caller that leaves tells nothing about the server", async () => {
  const guard = createChatGuard({ attempts: 1, restMs: 300 });
  const leave = async () => {
    const abort = new AbortController();
    const call = guard.run(hang, { signal: abort.signal, limit: never });
    setTimeout(() => abort.abort(new Error("gone")), 5);
    await expect(call).rejects.toThrow("gone");
  };
  // While it is well: any number of them opens nothing.
  for (const _ of [1, 2, 3, 4, 5, 6]) await leave();
  const { server, request } = failing();
  server.well = true;
  await guard.run(request, { limit: never });
  // In the one request that finds out: the server goes on being left alone.
  await breakCircuit(guard);
  await sleep(350);
  await leave();
  await expect(guard.run(request, { limit: never })).rejects.toThrow("left alone");
  expect(server.asked).toBe(1);
  await sleep(350);
  await guard.run(request, { limit: never });
  await guard.run(request, { limit: never });
  expect(server.asked).toBe(3);
});

test("three attempts cost two retries of the budget", async () => {
  const guard = createChatGuard({ attempts: 3 });
  const { server, request } = failing();
  for (const _ of [1, 2, 3, 4, 5]) {
    server.well = false;
    server.asked = 0;
    await expect(guard.run(request, { limit: never })).rejects.toMatchObject({ reason: "CHAT_UNAVAILABLE" });
    expect(server.asked).toBe(3);
    server.well = true;
    await guard.run(request, { limit: never });
  }
});

test("a caller may leave in the pause before another attempt", async () => {
  const guard = createChatGuard({ attempts: 3 });
  const abort = new AbortController();
  const { request } = failing(10_000);
  const startedAt = performance.now();
  const call = guard.run(request, { signal: abort.signal, limit: never });
  setTimeout(() => abort.abort(new Error("gone")), 20);
  await expect(call).rejects.toThrow("gone");
  expect(performance.now() - startedAt).toBeLessThan(5000);
});
