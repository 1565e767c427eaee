import { MoodError } from "@moodifier/service-kit";
import { afterEach, expect, it } from "vitest";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import type { Moderation, Side } from "./moderation.ts";

let gateway: GatewayUnderTest;
afterEach(() => gateway.stop());

/** Blocks one side, as the real one does, and flags the other. */
const blocking = (side: Side): Moderation => ({
  check: (asked) => {
    if (asked === side) {
      const reason = side === "input" ? "INPUT_MODERATED" : "OUTPUT_MODERATED";
      return Promise.reject(new MoodError("FAILED_PRECONDITION", reason, "refused by policy"));
    }
    return Promise.resolve([{ code: "INPUT_FLAGGED", message: "looks unsafe" }]);
  },
  close: () => Promise.resolve(),
});

async function edit() {
  const body = formOf({ image: gateway.picture, emotion: "joy" });
  const started = await fetch(`${gateway.url}/v1/edits`, { method: "POST", body });
  const { urls } = (await started.json()) as { urls: { self: string; result: string } };
  let job: { status: string; problem?: { reason: string }; warnings: { code: string }[] } | undefined;
  await expect
    .poll(async () => ((job = (await (await fetch(urls.self)).json()) as typeof job), job?.status), { timeout: 60_000 })
    .toMatch(/moderated|succeeded|failed/);
  return { job, result: await fetch(urls.result) };
}

it("ends an edit whose picture is refused before any model sees it", async () => {
  gateway = await startGateway({}, { moderation: blocking("input") });
  const { job, result } = await edit();
  expect(job).toMatchObject({ status: "input_moderated", problem: { reason: "INPUT_MODERATED" } });
  expect(result.status).toBe(409);
  expect(gateway.services.record.plans).toHaveLength(0);
});

it("ends an edit whose result is refused, and keeps no picture", async () => {
  gateway = await startGateway({}, { moderation: blocking("output") });
  const { job, result } = await edit();
  expect(job).toMatchObject({ status: "output_moderated", problem: { reason: "OUTPUT_MODERATED" } });
  expect(job?.warnings.map(({ code }) => code)).toContain("INPUT_FLAGGED");
  expect(result.status).toBe(409);
  expect(gateway.services.record.edits).toHaveLength(1);
});
