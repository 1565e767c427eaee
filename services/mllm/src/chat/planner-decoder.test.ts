import { readFile } from "node:fs/promises";
import { openModel, type Model } from "@moodifier/inference";
import { asFloat32, gaussianNoise, int64, zeros } from "@moodifier/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { PlannerDecoder } from "./planner-decoder.ts";
import { narrowSchema } from "./reply-schema.ts";
import { encodeSegments, segmentReply, type Segment } from "../../test/reply-segments.ts";

const golden = new URL("../../../../tests/golden/", import.meta.url);
let model: Model;

beforeAll(async () => {
  model = await openModel(new URL("tiny", golden).pathname, { threads: 1 });
});

afterAll(() => model?.close());

async function readGolden<T>(name: string): Promise<T> {
  return JSON.parse(await readFile(new URL(name, golden), "utf8")) as T;
}

type SegmentCase = {
  name: string;
  schema: unknown;
  value: unknown;
  json: string;
  segments: { kind: Segment["kind"] | "enum"; text: string; ids: number[] }[];
  ids: number[];
};

test("replies are cut and tokenised exactly as in training", async () => {
  const tokenizer = await model.tokenizer("planner");
  const { cases } = await readGolden<{ cases: SegmentCase[] }>("planner-segments.json");
  expect(cases.length).toBeGreaterThan(0);
  for (const { name, schema, value, json, segments, ids } of cases) {
    const cut = segmentReply(narrowSchema(schema), value);
    const expected = segments.map(({ kind, text }) => ({ kind: kind === "enum" ? "option" : kind, text }));
    expect(cut, name).toEqual(expected);
    expect(cut.map(({ text }) => text).join(""), name).toBe(json);
    expect(
      encodeSegments(cut, (text) => tokenizer.encode(text)),
      name,
    ).toEqual(ids);
  }
});

type DecodeCase = {
  pixels: { seed: string; stream: number; dims: number[] };
  request: string;
  schema: unknown;
  prompt: number[];
  ids: number[];
  json: string;
  tolerance: number;
  firstLogits: number[];
};

test("a whole constrained reply equals the Python reference token by token", async () => {
  const reference = await readGolden<DecodeCase>("planner-decode.json");
  const { seed, stream, dims } = reference.pixels;
  const vision = await model.session("planner_vision");
  const pixels = gaussianNoise({ seed: BigInt(seed), stream, dims });
  const imageTokens = asFloat32((await vision.run({ pixel_values: pixels }))["image_tokens"], "image_tokens");

  const decoder = await PlannerDecoder.open(model);
  expect(decoder.promptOf(reference.request)).toEqual(reference.prompt);
  const reply = await decoder.reply(imageTokens, reference.request, narrowSchema(reference.schema));
  expect(reply.ids).toEqual(reference.ids);
  expect(reply.text).toBe(reference.json);

  const { layers = 0, heads = 0, headDim = 0 } = model.manifest.planner ?? {};
  const past = zeros("float32", [layers, heads, 0, headDim]);
  const session = await model.session("planner_decoder");
  const outputs = await session.run({
    image_tokens: imageTokens,
    input_ids: int64([1, reference.prompt.length], reference.prompt),
    past_keys: past,
    past_values: past,
  });
  const logits = asFloat32(outputs["logits"], "logits").data.slice(-reference.firstLogits.length);
  for (const [index, value] of reference.firstLogits.entries()) {
    expect(Math.abs((logits[index] ?? Number.NaN) - value), `logit ${index}`).toBeLessThanOrEqual(reference.tolerance);
  }
});
