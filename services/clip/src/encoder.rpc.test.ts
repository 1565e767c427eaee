import { appendFile, cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createPicture, encodePng } from "@moodifier/inference";
import { clip, type common } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

const modelDir = new URL("../../../tests/golden/tiny", import.meta.url).pathname;
const { TOKENS, POOLED } = clip.TextOutput;

let service: RunningService;
let client: ServiceClient<clip.EncoderService>;
let picture: common.Image;
let other: common.Image;

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir, logLevel: "silent", batchDelayMs: 10 }));
  client = createClient(clip.EncoderClient, service.address);
  picture = await paint(40, 30, 3);
  other = await paint(30, 40, 7);
});

afterAll(async () => {
  client?.close();
  await service?.stop();
});

async function paint(width: number, height: number, step: number): Promise<common.Image> {
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => (at * step) % 256);
  return { data: await encodePng(createPicture({ width, height, channels: 3, data })), mediaType: "image/png" };
}

function floats(tensor: common.Tensor | undefined): number[] {
  const { data = Buffer.alloc(0) } = tensor ?? {};
  return Array.from({ length: data.length / 4 }, (_, at) => data.readFloatLE(at * 4));
}

test("token states are padded to the longest text rounded up to the length multiple", async () => {
  const texts = ["", "A smile.", "word ".repeat(20)];
  const { states, tokens, modelId } = await client.encodeText({ texts, output: TOKENS, truncate: false });
  const longest = Math.max(...tokens.map(({ ids }) => ids.length));
  const length = Math.ceil(longest / 16) * 16;
  expect(states?.dims).toEqual([3, length, 16]);
  expect(states?.data).toHaveLength(3 * length * 16 * 4);
  expect(tokens[0]).toEqual({ ids: [1024, 1025], pieces: ["", ""] });
  expect(tokens[1]?.pieces.join("")).toBe("a smile . ");
  expect(modelId).toMatch(/^tiny@[0-9a-f]{12}$/);
});

test("pooled states have unit length and do not depend on the other texts", async () => {
  const both = await client.encodeText({ texts: ["joy", "word ".repeat(40)], output: POOLED, truncate: false });
  const alone = await client.encodeText({ texts: ["joy"], output: POOLED, truncate: false });
  expect(both.states?.dims).toEqual([2, 16]);
  const first = floats(both.states).slice(0, 16);
  expect(Math.hypot(...first)).toBeCloseTo(1, 5);
  for (const [index, value] of floats(alone.states).entries()) expect(first[index]).toBeCloseTo(value, 5);
});

function ask(texts: string[]) {
  return client.encodeText({ texts, output: TOKENS, truncate: false });
}

test("a text is encoded to the same bytes alone, in company, and from memory", async () => {
  const [alone, again] = [await ask(["A calm face."]), await ask(["A calm face."])];
  const crowd = await Promise.all(Array.from({ length: 20 }, (_, at) => ask([`The number ${at}.`, "A quiet face."])));
  const quiet = await ask(["A quiet face."]);
  expect(again.states?.data.equals(alone.states?.data ?? Buffer.alloc(0))).toBe(true);
  for (const { states } of crowd) {
    const [, length = 0, width = 0] = states?.dims ?? [];
    expect(states?.data.subarray(length * width * 4).equals(quiet.states?.data ?? Buffer.alloc(0))).toBe(true);
  }
});

test("a text beyond the model's positions is refused with its length, or cut when asked", async () => {
  const texts = ["ok", "word ".repeat(300)];
  await expect(client.encodeText({ texts, output: TOKENS, truncate: false })).rejects.toMatchObject({
    code: "INVALID_ARGUMENT",
    reason: "PROMPT_TOO_LONG",
    message: expect.stringMatching(/^texts\[1\]: a text may have 248 tokens .* this one has [3-9]\d\d/),
  });
  const { states, tokens } = await client.encodeText({ texts, output: TOKENS, truncate: true });
  expect(states?.dims).toEqual([2, 248, 16]);
  expect(tokens[1]?.ids).toHaveLength(248);
  expect(tokens[1]?.ids.at(-1)).toBe(1025);
});

test("unusable text requests are refused", async () => {
  await expect(client.encodeText({ texts: [], output: TOKENS, truncate: false })).rejects.toMatchObject({
    reason: "ITEMS_COUNT",
  });
  const many = Array.from({ length: 65 }, () => "a");
  await expect(client.encodeText({ texts: many, output: TOKENS, truncate: false })).rejects.toMatchObject({
    reason: "ITEMS_COUNT",
    message: "texts must have 1 to 64 entries, got 65",
  });
  await expect(
    client.encodeText({ texts: ["a"], output: clip.TextOutput.UNSPECIFIED, truncate: false }),
  ).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason: "OUTPUT_UNKNOWN" });
});

test("pictures become unit vectors, similarities are their cosines with texts", async () => {
  const { embeddings } = await client.encodeImage({ images: [picture, other] });
  expect(embeddings?.dims).toEqual([2, 16]);
  const values = floats(embeddings);
  expect(Math.hypot(...values.slice(0, 16))).toBeCloseTo(1, 5);

  const texts = ["joy", "fear", "sadness"];
  const { similarities } = await client.compare({ images: [picture, other], texts });
  const pooled = floats((await client.encodeText({ texts, output: POOLED, truncate: false })).states);
  expect(similarities?.dims).toEqual([2, 3]);
  for (const [index, similarity] of floats(similarities).entries()) {
    const [row, column] = [Math.floor(index / 3), index % 3];
    const cosine = Array.from(
      { length: 16 },
      (_, at) => (values[row * 16 + at] ?? 0) * (pooled[column * 16 + at] ?? 0),
    );
    expect(similarity).toBeCloseTo(
      cosine.reduce((sum, value) => sum + value, 0),
      4,
    );
  }
});

test("emotion scores name 27 emotions, most probable first, and sum to 1", async () => {
  const { scores } = await client.scoreEmotions({ image: picture });
  expect(new Set(scores.map(({ emotion }) => emotion)).size).toBe(27);
  expect(scores.some(({ emotion }) => emotion === "neutral")).toBe(false);
  const probabilities = scores.map(({ probability }) => probability);
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5);
  expect(probabilities).toEqual(probabilities.toSorted((a, b) => b - a));
});

test.each([
  ["0 bytes", Buffer.alloc(0), "IMAGE_EMPTY"],
  ["an SVG", Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'), "IMAGE_UNSUPPORTED"],
  ["noise", Buffer.from("not a picture"), "IMAGE_UNSUPPORTED"],
])("a picture of %s is refused", async (_, data, reason) => {
  const images = [picture, { data, mediaType: "image/png" }];
  await expect(client.encodeImage({ images })).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason });
});

test("a truncated picture and a missing one are refused", async () => {
  const half = { data: picture.data.subarray(0, picture.data.length / 2), mediaType: "image/png" };
  await expect(client.scoreEmotions({ image: half })).rejects.toMatchObject({ reason: "IMAGE_CORRUPT" });
  await expect(client.scoreEmotions({ image: undefined })).rejects.toMatchObject({ reason: "IMAGE_MISSING" });
});

test("a caller that gives up gets CANCELLED and the service goes on", async () => {
  const signal = AbortSignal.timeout(3);
  const texts = Array.from({ length: 64 }, (_, at) => `text ${at} ${"word ".repeat(200)}`);
  await expect(client.encodeText({ texts, output: TOKENS, truncate: false }, { signal })).rejects.toBeTruthy();
  expect((await client.encodeText({ texts: ["a"], output: POOLED, truncate: false })).states?.dims).toEqual([1, 16]);
});

test("a caller that gives up while later pictures are decoded is told, and nothing is left unheard", async () => {
  const patient = await start(configSchema.parse({ modelDir, logLevel: "silent", batchDelayMs: 1000, maxBatch: 256 }));
  const caller = createClient(clip.EncoderClient, patient.address);
  try {
    const blank = createPicture({ width: 3000, height: 3000, channels: 3, data: new Uint8Array(27_000_000) });
    const large = { data: await encodePng(blank), mediaType: "image/png" };
    const abort = new AbortController();
    // The first picture waits in its batch while the others are decoded. An unheard rejection would fail the run.
    const call = caller.encodeImage({ images: [picture, ...Array.from({ length: 40 }, () => large)] }, abort);
    setTimeout(() => abort.abort(), 800);
    await expect(call).rejects.toMatchObject({ code: "CANCELLED" });
    expect((await caller.encodeImage({ images: [picture] })).embeddings?.dims).toEqual([1, 16]);
  } finally {
    caller.close();
    await patient.stop();
  }
});

test("a model folder that does not exist stops the start", async () => {
  const config = configSchema.parse({ modelDir: "/nonexistent", logLevel: "silent" });
  await expect(start(config)).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
});

test("a damaged graph stops the start, again and again", async () => {
  const damaged = await mkdtemp(join(tmpdir(), "moodifier-"));
  try {
    await cp(modelDir, damaged, { recursive: true });
    await appendFile(join(damaged, "image_encoder.onnx"), "x");
    const config = configSchema.parse({ modelDir: damaged, logLevel: "silent" });
    await expect(start(config)).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
    await expect(start(config)).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
  } finally {
    await rm(damaged, { recursive: true });
  }
});
