import { MoodError } from "@moodifier/service-kit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { drawMask, drawPicture, formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import type { JobView } from "../edits/job-view.ts";

interface PlanView {
  readonly id: string;
  readonly version: number;
  readonly status: string;
  readonly plan: { readonly target_prompt: string; readonly mask_source: string; readonly regions: object[] };
  readonly mask?: { readonly data: string };
  readonly overlay?: { readonly data: string };
  readonly urls: { readonly self: string; readonly approve: string };
}

let gateway: GatewayUnderTest;

beforeEach(async () => {
  gateway = await startGateway();
}, 180_000);
afterEach(() => gateway.stop());

const makePlan = async (fields: Record<string, string | Buffer> = {}): Promise<PlanView> => {
  const body = formOf({ image: gateway.picture, emotion: "joy", ...fields });
  const answer = await fetch(`${gateway.url}/v1/plans`, { method: "POST", body });
  expect(answer.status).toBe(201);
  return (await answer.json()) as PlanView;
};
const change = (plan: PlanView, body: object, headers: Record<string, string> = {}) =>
  fetch(plan.urls.self, {
    method: "PATCH",
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers },
  });
const edit = (fields: Record<string, string | Buffer>) =>
  fetch(`${gateway.url}/v1/edits`, { method: "POST", body: formOf(fields), headers: { Prefer: "wait=20" } });

describe("a plan", () => {
  it("is made, shown with its overlay, listed and forgotten", async () => {
    const plan = await makePlan({ name: "autumn" });
    const shown = (await (await fetch(`${plan.urls.self}?overlay=true`)).json()) as PlanView;
    expect(shown).toMatchObject({ id: plan.id, name: "autumn", status: "draft", version: 1, image: { width: 48 } });
    expect(
      Buffer.from(shown.overlay?.data ?? "", "base64")
        .subarray(1, 4)
        .toString(),
    ).toBe("PNG");
    const page = (await (await fetch(`${gateway.url}/v1/plans?limit=1`)).json()) as { plans: PlanView[] };
    expect(page.plans.map(({ id }) => id)).toEqual([plan.id]);
    expect((await fetch(plan.urls.self, { method: "DELETE" })).status).toBe(204);
    const gone = await fetch(plan.urls.self);
    expect(gone.status).toBe(404);
    expect(await gone.json()).toMatchObject({ reason: "PLAN_NOT_FOUND" });
  });

  it("is made once for one Idempotency-Key", async () => {
    const post = (fields: Record<string, string | Buffer>) =>
      fetch(`${gateway.url}/v1/plans`, {
        method: "POST",
        body: formOf({ image: gateway.picture, ...fields }),
        headers: { "Idempotency-Key": "look-1" },
      });
    const answers = await Promise.all(Array.from({ length: 20 }, () => post({ emotion: "joy" })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(200), 201]);
    const ids = await Promise.all(answers.map(async (each) => ((await each.json()) as PlanView).id));
    expect(new Set(ids).size).toBe(1);
    const planned = gateway.services.record.plans.length;
    expect((await post({ emotion: "joy" })).headers.get("idempotency-replayed")).toBe("true");
    expect(gateway.services.record.plans).toHaveLength(planned);
    for (const other of [{ emotion: "fear" }, { emotion: "joy", image: await drawPicture(40, 48) }]) {
      const refused = await post(other);
      expect(refused.status).toBe(422);
      expect(await refused.json()).toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    }
  });

  it("can be changed until it is approved, by one person at a time", async () => {
    const plan = await makePlan();
    const changed = (await (
      await change(plan, { target_prompt: "A merry face.", preset: { steps: 7 } })
    ).json()) as PlanView;
    expect(changed).toMatchObject({
      version: 2,
      plan: { target_prompt: "A merry face.", preset: { steps: 7, cross_replace: 0.6 } },
    });
    expect((await change(plan, { name: "late" }, { "If-Match": '"1"' })).status).toBe(412);
    expect((await change(plan, { smile: "wide" })).status).toBe(400);
    const approved = await fetch(plan.urls.approve, { method: "POST" });
    expect(await approved.json()).toMatchObject({ status: "approved", version: 3 });
    expect((await fetch(plan.urls.approve, { method: "POST" })).status).toBe(200);
    const refused = await change(plan, { name: "x" });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({ reason: "PLAN_APPROVED" });
  });

  it("gets a new mask with new regions", async () => {
    const plan = await makePlan();
    const box = [0, 0, 0.5, 0.5];
    const changed = (await (await change(plan, { regions: [{ label: "eyes", box }] })).json()) as PlanView;
    expect(changed.plan).toMatchObject({ mask_source: "segmenter", regions: [{ label: "eyes", box }] });
    expect(gateway.services.record.segments).toMatchObject([{ prompts: [{ text: "eyes" }] }]);
    gateway.services.script.segmentError = new MoodError("FAILED_PRECONDITION", "SEGMENTER_MISSING", "boxes only");
    const boxed = (await (await change(plan, { regions: [{ label: "eyes", box }] })).json()) as PlanView;
    expect(boxed.plan.mask_source).toBe("box");
    const other = await drawPicture(96, 64);
    expect((await edit({ image: other, plan_id: plan.id })).status).toBe(201);
    const nowhere = await change(plan, { regions: [{ label: "eyes" }] });
    expect([nowhere.status, await nowhere.json()]).toMatchObject([400, { reason: "REGION_UNKNOWN" }]);
  });

  it("is drawn by name where a region has no box, never as the whole picture", async () => {
    const plan = await makePlan();
    const box = [0, 0, 0.5, 0.5];
    gateway.services.script.parts = ["eyes"];
    const named = (await (await change(plan, { regions: [{ label: "eyes" }] })).json()) as PlanView;
    expect(named.plan.mask_source).toBe("segmenter");
    // A part that the segmenter has no name for is asked for by its box alone.
    const mixed = (await (
      await change(plan, { regions: [{ label: "eyes" }, { label: "hat", box }] })
    ).json()) as PlanView;
    expect(mixed.plan.mask_source).toBe("segmenter");
    expect(gateway.services.record.segments.at(-1)?.prompts.map(({ text }) => text)).toEqual(["eyes", ""]);
    const unknown = await change(plan, { regions: [{ label: "eyes" }, { label: "hat" }] });
    expect([unknown.status, await unknown.json()]).toMatchObject([400, { reason: "REGION_UNKNOWN" }]);
    expect(await (await change(plan, { regions: [] })).json()).toMatchObject({ plan: { mask_source: "whole" } });
  });

  it("keeps its place in the list when it is gone", async () => {
    const plans = [await makePlan(), await makePlan({ emotion: "fear" }), await makePlan({ emotion: "anger" })];
    type Page = { plans: PlanView[]; next_cursor: string };
    const first = (await (await fetch(`${gateway.url}/v1/plans?limit=2`)).json()) as Page;
    await fetch(plans[1]!.urls.self, { method: "DELETE" });
    const rest = await fetch(`${gateway.url}/v1/plans?limit=2&cursor=${first.next_cursor}`);
    expect(((await rest.json()) as Page).plans.map(({ id }) => id)).toEqual([plans[0]!.id]);
    const refused = await fetch(`${gateway.url}/v1/plans?cursor=x`);
    expect([refused.status, await refused.json()]).toMatchObject([400, { reason: "CURSOR_INVALID" }]);
  });

  it("gives one look to many pictures without planning again", async () => {
    const plan = await makePlan();
    await change(plan, { target_prompt: "A merry face." });
    // Of the planned picture's proportions, as the scripted segmenter's mask is.
    const other = await drawPicture(96, 64);
    const mask = await drawMask(96, 64, (x) => x < 9);
    const same = await edit({ image: gateway.picture, plan_id: plan.id });
    expect(same.status).toBe(201);
    expect(await same.json()).toMatchObject({
      plan_id: plan.id,
      plan: { target_prompt: "A merry face.", mask_source: "whole" },
    });
    const moved = (await (await edit({ image: other, plan_id: plan.id, seed: "5" })).json()) as JobView;
    expect(moved).toMatchObject({ settings: { emotion: "joy" }, plan: { mask_source: "segmenter" } });
    const masked = (await (await edit({ image: other, mask, plan_id: plan.id })).json()) as JobView;
    expect(masked.plan?.mask_source).toBe("user");
    const { record } = gateway.services;
    expect(record.plans).toHaveLength(1);
    expect(record.edits.map(({ plan: used }) => used?.targetPrompt)).toEqual(Array(3).fill("A merry face."));
    // The prompts were encoded once for all of them.
    expect(record.texts).toHaveLength(1);
  });

  it("refuses a wish beside the plan, and a plan that isn't there", async () => {
    const plan = await makePlan();
    const conflict = await edit({ image: gateway.picture, plan_id: plan.id, emotion: "joy" });
    expect(await conflict.json()).toMatchObject({ reason: "FIELD_CONFLICT", argument: "emotion" });
    expect((await edit({ image: gateway.picture, plan_id: "nothing" })).status).toBe(404);
    const none = await edit({ image: gateway.picture });
    expect(await none.json()).toMatchObject({ reason: "FIELD_MISSING", argument: "emotion" });
  });
});

describe("the caches", () => {
  it("ask the models once for the same picture and wish", async () => {
    for (const seed of ["1", "2", "3"]) await edit({ image: gateway.picture, emotion: "joy", seed });
    await edit({ image: gateway.picture, emotion: "fear" });
    const { record } = gateway.services;
    expect(record.plans.map(({ emotion }) => emotion)).toEqual(["joy", "fear"]);
    expect(record.edits).toHaveLength(4);
  });
});
