import { expect, it } from "vitest";
import { untilAborted } from "./until-aborted.ts";

it("settles as the work does", async () => {
  const { signal } = new AbortController();
  expect(await untilAborted(Promise.resolve(3), signal)).toBe(3);
  await expect(untilAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
});

it("rejects with the reason before and during the work, and drops the work's own failure", async () => {
  const abort = new AbortController();
  const work = Promise.withResolvers<never>();
  const waiting = untilAborted(work.promise, abort.signal);
  const reason = new Error("enough");
  abort.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(untilAborted(work.promise, abort.signal)).rejects.toBe(reason);
  work.reject(new Error("late"));
  // An unheard rejection would fail the run.
  await new Promise((resolve) => setImmediate(resolve));
});
