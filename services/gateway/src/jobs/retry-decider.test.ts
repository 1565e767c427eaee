import { MoodError } from "@moodifier/service-kit";
import { expect, it } from "vitest";
import { decideRetry } from "./retry-decider.ts";

const limits = { maxAttempts: 3, baseMs: 100, maxMs: 1000, random: () => 0 };
const hasty = { attempt: 1, patient: false };
const of = (code: MoodError["code"], reason = "X", details = {}) => new MoodError(code, reason, "", { details });

it("waits for a full service without using up a try", () => {
  const decide = (failures: number, seconds?: number) =>
    decideRetry(
      { error: of("RESOURCE_EXHAUSTED", "QUEUE_FULL", { retryAfterSeconds: seconds }), failures, ...hasty },
      limits,
    );
  expect(decide(99)).toEqual({ retry: true, counts: false, delayMs: 100 });
  expect(decide(0, 0.5)).toEqual({ retry: true, counts: false, delayMs: 500 });
  expect(decide(0, 99)).toEqual({ retry: true, counts: false, delayMs: 1000 });
});

it("tries an unreachable service a few times, ever later", () => {
  const decide = (failures: number) => decideRetry({ error: of("UNAVAILABLE"), failures, ...hasty }, limits);
  expect(decide(0)).toEqual({ retry: true, counts: true, delayMs: 50 });
  expect(decide(1)).toEqual({ retry: true, counts: true, delayMs: 100 });
  expect(decide(2)).toEqual({ retry: false });
});

it("counts a picture that came too slowly like a server that is away", () => {
  const decide = (failures: number) =>
    decideRetry({ error: of("DEADLINE_EXCEEDED", "URL_TIMEOUT"), failures, ...hasty }, limits);
  expect(decide(1)).toEqual({ retry: true, counts: true, delayMs: 100 });
  expect(decide(2)).toEqual({ retry: false });
});

it("comes back no sooner than a service that is away asks for, within the longest pause", () => {
  const decide = (retryAfterSeconds: number) =>
    decideRetry({ error: of("UNAVAILABLE", "X", { retryAfterSeconds }), failures: 1, ...hasty }, limits);
  expect(decide(0.5)).toEqual({ retry: true, counts: true, delayMs: 500 });
  expect(decide(0.01)).toEqual({ retry: true, counts: true, delayMs: 100 });
  expect(decide(99)).toEqual({ retry: true, counts: true, delayMs: 1000 });
});

it.each(["INVALID_ARGUMENT", "INTERNAL", "DEADLINE_EXCEEDED"] as const)("does not repeat what is %s", (code) => {
  expect(decideRetry({ error: of(code), failures: 0, ...hasty }, limits)).toEqual({ retry: false });
});

it("gives a job back when the worker shuts down", () => {
  const error = of("UNAVAILABLE", "SHUTTING_DOWN");
  expect(decideRetry({ error, failures: 9, ...hasty }, limits)).toEqual({ retry: true, counts: false, delayMs: 0 });
});

it("sits out a storage or database that is away when nobody waits, ever later, and nothing else", () => {
  const decide = (reason: string, attempt: number, patient: boolean) =>
    decideRetry({ error: of("UNAVAILABLE", reason), failures: 2, attempt, patient }, limits);
  for (const reason of ["STORAGE_UNAVAILABLE", "STORAGE_FULL", "DATABASE_UNAVAILABLE"]) {
    expect(decide(reason, 3, true)).toEqual({ retry: true, counts: false, delayMs: 200 });
    expect(decide(reason, 99, true)).toEqual({ retry: true, counts: false, delayMs: 500 });
    expect(decide(reason, 3, false)).toEqual({ retry: false });
  }
  for (const reason of ["SERVICE_UNAVAILABLE", "SOURCE_UNAVAILABLE"]) {
    expect(decide(reason, 3, true)).toEqual({ retry: false });
  }
});
