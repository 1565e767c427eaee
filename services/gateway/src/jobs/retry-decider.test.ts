import { MoodError } from "@moodifier/service-kit";
import { expect, it } from "vitest";
import { decideRetry } from "./retry-decider.ts";

const limits = { maxAttempts: 3, baseMs: 100, maxMs: 1000, random: () => 0 };
const of = (code: "UNAVAILABLE" | "RESOURCE_EXHAUSTED" | "INVALID_ARGUMENT" | "INTERNAL", reason = "X", details = {}) =>
  new MoodError(code, reason, "", { details });

it("waits for a full service without using up a try", () => {
  const decide = (failures: number, seconds?: number) =>
    decideRetry({ error: of("RESOURCE_EXHAUSTED", "QUEUE_FULL", { retryAfterSeconds: seconds }), failures }, limits);
  expect(decide(99)).toEqual({ retry: true, counts: false, delayMs: 100 });
  expect(decide(0, 0.5)).toEqual({ retry: true, counts: false, delayMs: 500 });
  expect(decide(0, 99)).toEqual({ retry: true, counts: false, delayMs: 1000 });
});

it("tries an unreachable service a few times, ever later", () => {
  const decide = (failures: number) => decideRetry({ error: of("UNAVAILABLE"), failures }, limits);
  expect(decide(0)).toEqual({ retry: true, counts: true, delayMs: 50 });
  expect(decide(1)).toEqual({ retry: true, counts: true, delayMs: 100 });
  expect(decide(2)).toEqual({ retry: false });
});

it.each(["INVALID_ARGUMENT", "INTERNAL"] as const)("does not repeat what is %s", (code) => {
  expect(decideRetry({ error: of(code), failures: 0 }, limits)).toEqual({ retry: false });
});

it("gives a job back when the worker shuts down", () => {
  const error = of("UNAVAILABLE", "SHUTTING_DOWN");
  expect(decideRetry({ error, failures: 9 }, limits)).toEqual({ retry: true, counts: false, delayMs: 0 });
});
