import { openModel } from "@moodifier/inference";
import { common, diffusion } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { TINY } from "../test/golden.ts";
import { encodeTexts, makeRequest, paintMask, paintPicture } from "../test/sample-edit.ts";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

let service: RunningService;
let client: ServiceClient<diffusion.EditorService>;
let request: diffusion.EditRequest;

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir: TINY, logLevel: "silent" }));
  client = createClient(diffusion.EditorClient, service.address);
  const model = await openModel(TINY, { threads: 1 });
  request = await makeRequest(await encodeTexts(model));
  await model.close();
});

afterAll(async () => {
  client?.close();
  await service?.stop();
});

/** The error that an edit ends with. */
async function refusal(change: Partial<diffusion.EditRequest>): Promise<unknown> {
  try {
    for await (const event of client.edit({ ...request, ...change })) void event;
  } catch (error) {
    return error;
  }
  throw new Error("the edit was not refused");
}

const invalid = (reason: string, message: RegExp) => ({
  code: "INVALID_ARGUMENT",
  reason,
  message: expect.stringMatching(message),
});

test.each<[Partial<diffusion.Sampling>, RegExp]>([
  [{ steps: 0 }, /sampling\.steps: expected 1\.\.50, got 0/],
  [{ steps: 51 }, /sampling\.steps: expected 1\.\.50, got 51/],
  [{ guidanceScale: 1 }, /sampling\.guidance_scale: expected more than 1 and at most 15, got 1/],
  [{ guidanceScale: Number.NaN }, /sampling\.guidance_scale: .*got NaN/],
  [{ crossReplace: 1.5 }, /sampling\.cross_replace: expected 0\.\.1, got 1\.5/],
  [
    { selfReplace: -0.5, featherPx: 65 },
    /self_replace: expected 0\.\.1, got -0\.5; sampling\.feather_px: expected 0\.\.64, got 65/,
  ],
])("sampling %o is refused", async (sampling, message) => {
  expect(await refusal({ sampling })).toMatchObject(invalid("SAMPLING_OUT_OF_RANGE", message));
});

test("missing parts and unknown names are refused by name", async () => {
  expect(await refusal({ image: undefined })).toMatchObject(invalid("IMAGE_MISSING", /^image/));
  expect(await refusal({ plan: undefined })).toMatchObject(invalid("PLAN_MISSING", /^plan/));
  expect(await refusal({ method: "magic" })).toMatchObject(invalid("METHOD_UNKNOWN", /moodifier, .*got "magic"/));
  const plan = { ...request.plan!, kind: common.EditKind.UNSPECIFIED };
  expect(await refusal({ plan })).toMatchObject(invalid("PLAN_KIND_INVALID", /EDIT_KIND_SHAPE/));
});

test("text states that do not fit the model are refused with both shapes", async () => {
  const { states, source } = request.text!;
  const [, length = 0, width = 0] = states!.dims;
  const withStates = (change: Partial<common.Tensor>) => ({
    text: { ...request.text!, states: { ...states!, ...change } },
  });
  const shape = "TEXT_STATES_INVALID";
  expect(await refusal({ text: undefined })).toMatchObject(invalid(shape, /\[3, 2\.\.248, 16\].*got nothing/));
  expect(await refusal(withStates({ dims: [2, length, width] }))).toMatchObject(invalid(shape, /got \[2, /));
  expect(await refusal(withStates({ dims: [3, length, 768] }))).toMatchObject(invalid(shape, /16\].*got .*768\]/));
  expect(await refusal(withStates({ data: Buffer.alloc(8) }))).toMatchObject(invalid(shape, /bytes .* got 8$/));
  const poisoned = Buffer.from(states!.data);
  poisoned.writeFloatLE(Number.NaN, 4);
  expect(await refusal(withStates({ data: poisoned }))).toMatchObject(invalid(shape, /finite/));
  const long = { ids: Array<number>(length + 1).fill(5), pieces: Array<string>(length + 1).fill("a") };
  const tokens = "TEXT_TOKENS_INVALID";
  expect(await refusal({ text: { ...request.text!, source: long } })).toMatchObject(
    invalid(tokens, /text\.source\.ids/),
  );
  const torn = { ...source!, pieces: [] };
  expect(await refusal({ text: { ...request.text!, target: torn } })).toMatchObject(
    invalid(tokens, /text\.target\.pieces/),
  );
});

test("pictures that cannot be edited are refused with what to do", async () => {
  const plan = { ...request.plan!, maskPng: await paintMask(1, 1, [0, 0, 1, 1]) };
  const broken = Buffer.from(request.image!.data.subarray(0, 200));
  const png = "image/png";
  expect(await refusal({ image: await paintPicture(1, 1), plan })).toMatchObject(
    invalid("IMAGE_TOO_SMALL", /at least 16 pixels, got 1 x 1/),
  );
  expect(await refusal({ image: await paintPicture(320, 20) })).toMatchObject(invalid("IMAGE_TOO_NARROW", /320 x 20/));
  expect(await refusal({ image: { data: Buffer.alloc(0), mediaType: png } })).toMatchObject({ reason: "IMAGE_EMPTY" });
  expect(await refusal({ image: { data: broken, mediaType: png } })).toMatchObject(invalid("IMAGE_CORRUPT", /png/));
  expect(await refusal({ image: { ...request.image!, mediaType: "image/webp" } })).toMatchObject(
    invalid("IMAGE_TYPE_MISMATCH", /expected image\/png as the bytes say, got image\/webp/),
  );
  const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
  expect(await refusal({ image: { data: svg, mediaType: "" } })).toMatchObject(invalid("IMAGE_UNSUPPORTED", /SVG/));
});

test("attention needs words that the prompt has, and no mask beside it", async () => {
  const maskSource = common.MaskSource.ATTENTION;
  const same = { ...request.text!, target: request.text!.source };
  const plan = { ...request.plan!, maskSource, maskPng: Buffer.alloc(0) };
  expect(await refusal({ plan, text: same })).toMatchObject(invalid("BLEND_WORDS_MISSING", /plan\.blend_words/));
  expect(await refusal({ plan: { ...request.plan!, maskSource } })).toMatchObject(
    invalid("MASK_UNEXPECTED", /mask_png/),
  );
});
