import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPicture, decodeMask, encodePng } from "@moodifier/inference";
import { common, mllm } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { coverage } from "@moodifier/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { annotationReply } from "./annotate/annotation-reply.ts";
import { configSchema } from "./config.ts";
import { planReply } from "./plan/plan-reply.ts";
import { start } from "./start.ts";

const modelDir = new URL("../../../tests/golden/tiny", import.meta.url).pathname;
const labels = ["mouth", "eyes", "eyebrows", "face"];
const vocabulary = { categories: ["face"], labels, maxRegions: 8 };

let service: RunningService;
let client: ServiceClient<mllm.PlannerService>;
let planned: common.EditPlan | undefined;

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir, logLevel: "silent", maxQueue: 2 }));
  client = createClient(mllm.PlannerClient, service.address);
  planned = (await client.planEdit({ image: await paint(40, 30), emotion: "joy" })).plan;
});

afterAll(async () => {
  client?.close();
  await service?.stop();
});

async function paint(width: number, height: number, seed = 1): Promise<common.Image> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => ((at * 7919 * seed) >>> 3) % 256);
  return { data: await encodePng(createPicture({ width, height, channels: 3, data })), mediaType: "image/png" };
}

test("random weights still write a plan that follows the schema", () => {
  const reply = JSON.parse(planned?.rawReply ?? "");
  expect(planReply(vocabulary).safeParse(reply).error).toBeUndefined();
  expect(Object.keys(reply)).toEqual(["category", "source", "target", "kind", "regions"]);
});

test("a reply that is not a usable plan is replaced by one from the emotion's descriptors, and the plan says so", async () => {
  expect(planned).toMatchObject({ emotion: "joy", category: "face", kind: common.EditKind.SHAPE });
  expect(planned?.intensity).toBeCloseTo(0.8);
  expect(planned?.warnings.map(({ code }) => code)).toContain("PLANNER_FALLBACK");
  expect(planned?.modelId).toBe("tiny-planner@0.1.0");
  expect(planned?.targetPrompt).toMatch(/The picture conveys joy\.$/);
  expect(planned?.preset?.steps).toBe(8);
  expect(planned?.regions.map(({ label }) => label)).toEqual(["mouth", "eyes", "eyebrows"]);
  const mask = await decodeMask(planned?.maskPng ?? Buffer.alloc(0));
  expect([mask.width, mask.height]).toEqual([40, 30]);
  expect(coverage(mask)).toBeGreaterThan(0);
});

test("the same request gives the same plan", async () => {
  const { plan } = await client.planEdit({ image: await paint(40, 30), emotion: " Joy " });
  expect(plan).toEqual(planned);
});

test("several planners answer as many requests at once, as one planner would", async () => {
  const several = await start(configSchema.parse({ modelDir, logLevel: "silent", maxQueue: 0, planners: 2 }));
  const caller = createClient(mllm.PlannerClient, several.address);
  try {
    const images = [await paint(40, 30), await paint(30, 40, 2)];
    // With no room to wait, the second would be refused by a service with one planner.
    const plans = await Promise.all(images.map((image) => caller.planEdit({ image, emotion: "joy" })));
    const alone = await Promise.all([planned, (await client.planEdit({ image: images[1]!, emotion: "joy" })).plan]);
    expect(plans.map(({ plan }) => plan)).toEqual(alone);
  } finally {
    caller.close();
    await several.stop();
  }
});

test("a region restricts the plan to that part", async () => {
  const { plan } = await client.planEdit({ image: await paint(32, 32), emotion: "joy", region: "Mouth" });
  expect(plan?.regions.map(({ label }) => label)).toEqual(["mouth"]);
  const reply = JSON.parse(plan?.rawReply ?? "");
  expect(reply.regions).toHaveLength(1);
  expect(reply.regions[0].label).toBe("mouth");
});

test("a category that the model does not know is planned without it, with a warning", async () => {
  const { plan } = await client.planEdit({ image: await paint(32, 32), emotion: "joy", category: "vase" });
  expect(plan).toMatchObject({ category: "vase", rawReply: "" });
  expect(plan?.warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(["OUT_OF_DOMAIN", "PLANNER_FALLBACK"]));
});

test("a picture that the editor would not take is not planned for", async () => {
  const plan = (image: common.Image) => client.planEdit({ image, emotion: "joy" });
  const box = { x0: 0, y0: 0, x1: 1, y1: 1 };
  const segment = (image: common.Image) => client.segment({ image, prompts: [{ box, points: [], text: "" }] });
  for (const ask of [plan, segment]) {
    await expect(ask(await paint(1, 1))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason: "IMAGE_TOO_SMALL" });
    await expect(ask(await paint(200, 20))).rejects.toMatchObject({ reason: "IMAGE_TOO_NARROW" });
    const mislabelled = { ...(await paint(32, 32)), mediaType: "image/webp" };
    await expect(ask(mislabelled)).rejects.toMatchObject({ reason: "IMAGE_TYPE_MISMATCH" });
  }
});

test.each([
  [{ emotion: "hapiness" }, "EMOTION_UNKNOWN", /emotion/],
  [{ emotion: "" }, "EMOTION_UNKNOWN", /emotion/],
  [{ emotion: "joy", intensity: 1.5 }, "INTENSITY_OUT_OF_RANGE", /intensity must be 0\.\.1, got 1\.5/],
  [{ emotion: "joy", intensity: Number.NaN }, "INTENSITY_OUT_OF_RANGE", /intensity/],
  [{ emotion: "joy", region: "tail" }, "REGION_UNKNOWN", /mouth, eyes, eyebrows, face, got "tail"/],
  [{ emotion: "joy", category: "boat" }, "CATEGORY_UNKNOWN", /face, bag/],
])("%o is refused with %s", async (fields, reason, message) => {
  const image = await paint(8, 8);
  await expect(client.planEdit({ image, ...fields })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    reason,
    message: expect.stringMatching(message),
  });
});

test("an unknown emotion comes with near names", async () => {
  const refused = client.planEdit({ image: await paint(8, 8), emotion: "happyness" });
  await expect(refused).rejects.toMatchObject({ details: { near: expect.arrayContaining(["joy"]) } });
});

test("an emotion expands to visible descriptors of a context or category", async () => {
  for (const context of ["face", "natural", "urban", "object", "vase"]) {
    const { descriptors } = await client.expandEmotion({ emotion: "Joy", context });
    expect(descriptors.length).toBeGreaterThanOrEqual(3);
  }
  await expect(client.expandEmotion({ emotion: "joyy", context: "face" })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "EMOTION_UNKNOWN",
  });
  await expect(client.expandEmotion({ emotion: "joy", context: "moon" })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "CONTEXT_UNKNOWN",
  });
});

test.each([
  ["none", undefined, "IMAGE_MISSING"],
  ["0 bytes", Buffer.alloc(0), "IMAGE_EMPTY"],
  ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), "IMAGE_UNSUPPORTED"],
])("a picture of %s is refused", async (_, data, reason) => {
  const image = data && { data, mediaType: "image/png" };
  await expect(client.planEdit({ image, emotion: "joy" })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason });
  await expect(client.annotate({ image })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason });
});

test("an annotation has a summary, three stimuli with boxes, and an emotion", async () => {
  const { rawReply, ...annotation } = await client.annotate({ image: await paint(60, 40) });
  expect(annotationReply([annotation.emotion]).safeParse(JSON.parse(rawReply)).error).toBeUndefined();
  expect(annotation.stimuli).toHaveLength(3);
  for (const { box } of annotation.stimuli) {
    expect(box?.x0).toBeLessThan(box?.x1 ?? 0);
    expect(box?.y0).toBeLessThan(box?.y1 ?? 0);
  }
});

test("masks come in the order of the prompts, at the picture's size", async () => {
  const box = { x0: 0.2, y0: 0.2, x1: 0.6, y1: 0.6 };
  const prompts = [
    { box, points: [], text: "" },
    { points: [{ x: 0.5, y: 0.5 }], text: "" },
    { points: [], text: "mouth" },
  ].map((prompt) => mllm.SegmentPrompt.fromPartial(prompt));
  const { masks } = await client.segment({ image: await paint(50, 20), prompts });
  expect(masks).toHaveLength(3);
  for (const { maskPng, confidence } of masks) {
    const { width, height } = await decodeMask(maskPng);
    expect([width, height]).toEqual([50, 20]);
    expect(confidence).toBeGreaterThanOrEqual(0);
    expect(confidence).toBeLessThanOrEqual(1);
  }
});

test.each([
  [[], "ITEMS_COUNT", /prompts must have 1 to 8 entries, got 0/],
  [[{}], "PROMPT_EMPTY", /prompts\[0\]/],
  [[{ text: "tail" }], "PART_UNKNOWN", /must be one of mouth, eyes, eyebrows, face/],
  [[{ box: { x0: 0.5, y0: 0, x1: 0.5, y1: 1 } }], "BOX_INVALID", /prompts\[0\]\.box/],
  [[{ text: "eyes" }, { points: [{ x: 2, y: 0 }] }], "POINT_INVALID", /prompts\[1\]\.points/],
])("prompts %o are refused with %s", async (given, reason, message) => {
  const prompts = given.map((prompt) => mllm.SegmentPrompt.fromPartial(prompt));
  await expect(client.segment({ image: await paint(8, 8), prompts })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    reason,
    message: expect.stringMatching(message),
  });
});

test("more requests than the queue holds are refused with a time to come back, and the others are answered", async () => {
  const image = await paint(16, 16);
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => client.planEdit({ image, emotion: "joy" })));
  const refused = results.filter((result) => result.status === "rejected").map(({ reason }) => reason);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThanOrEqual(5);
  for (const error of refused) {
    expect(error).toMatchObject({ code: "RESOURCE_EXHAUSTED", reason: "QUEUE_FULL" });
    expect(error.details.retryAfterSeconds).toBeGreaterThanOrEqual(1);
  }
});

test("a caller that gives up frees the planner", async () => {
  const image = await paint(16, 16);
  const signal = AbortSignal.timeout(20);
  await expect(client.planEdit({ image, emotion: "joy" }, { signal })).rejects.toBeTruthy();
  expect((await client.planEdit({ image, emotion: "joy" })).plan?.emotion).toBe("joy");
});

test("a model folder that does not exist stops the start", async () => {
  const config = configSchema.parse({ modelDir: "/nonexistent", logLevel: "silent" });
  await expect(start(config)).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
});

test("a damaged graph stops the start, again and again", async () => {
  const damaged = await mkdtemp(join(tmpdir(), "moodifier-"));
  try {
    await cp(modelDir, damaged, { recursive: true });
    await appendFile(join(damaged, "planner_decoder.onnx"), "x");
    const config = configSchema.parse({ modelDir: damaged, logLevel: "silent" });
    await expect(start(config)).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
    await expect(start(config)).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
  } finally {
    await rm(damaged, { recursive: true });
  }
});
