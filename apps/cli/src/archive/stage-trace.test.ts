import { setTimeout as sleep } from "node:timers/promises";
import { activeTrace, traceparentOf } from "@moodifier/service-kit";
import { afterEach, expect, it, vi } from "vitest";
import { withStageTrace } from "./stage-trace.ts";

afterEach(() => vi.unstubAllEnvs());

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const traceOfStage = () =>
  withStageTrace("filter", async () => {
    await sleep(1);
    return traceparentOf(activeTrace());
  });

it("takes up the trace that a shard runner passes on", async () => {
  vi.stubEnv("TRACEPARENT", traceparent);
  expect(await traceOfStage()).toBe(traceparent);
});

it("leaves it to the services to begin traces when there is none", async () => {
  vi.stubEnv("TRACEPARENT", "no trace");
  expect(await traceOfStage()).toBeUndefined();
});
