// The adapter against a chat server that runs the real mini planner and then does what real servers do wrong.
import { readFile } from "node:fs/promises";
import { decodeImage, openModel, type Model, type Picture } from "@moodifier/inference";
import { trace, type Tracer } from "@opentelemetry/api";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { serveVlm, type VlmServer } from "../../../test/vlm-server.ts";
import { createSquareView } from "../../picture/square-view.ts";
import { planByDescriptors } from "../../plan/fallback-planner.ts";
import { checkPlan, extractJson, type Mission, type PlanDraft } from "../../plan/mission.ts";
import { planReply, schemaOf } from "../../plan/plan-reply.ts";
import { askUntilValid, type Answer } from "../ask-until-valid.ts";
import { openOnnxVlm } from "../onnx-vlm.ts";
import { planQuestion } from "../prompts.ts";
import type { VisionChat } from "../vision-chat.ts";
import type { OpenAiChatOptions } from "./chat-options.ts";
import { createOpenAiChat } from "./openai-chat.ts";

const folder = new URL("../../../../../", import.meta.url);
const mission: Mission = {
  emotion: "joy",
  intensity: 0.8,
  vocabulary: { categories: ["face"], labels: ["mouth", "eyes", "eyebrows", "face"], maxRegions: 3 },
};
const schema = schemaOf(planReply(mission.vocabulary));
let model: Model;
let picture: Picture;
let server: VlmServer;

beforeAll(async () => {
  model = await openModel(new URL("models/mini", folder).pathname, { threads: 1 });
  const { picture: view } = await createSquareView(
    await decodeImage(await readFile(new URL("examples/avataaars-neutral.png", folder))),
  );
  picture = view;
});
afterAll(() => model.close());
beforeEach(async () => {
  server = await serveVlm(model);
});
afterEach(() => server.stop());

function chatWith(options: Partial<OpenAiChatOptions> = {}): VisionChat {
  return createOpenAiChat({ url: server.url, model: "mini-vlm", timeoutMs: 20_000, imageSize: 256, ...options });
}

function plan(chat: VisionChat): Promise<Answer<PlanDraft>> {
  const question = { system: "", question: planQuestion(mission), image: picture, schema, schemaName: "edit_plan" };
  return askUntilValid(chat, question, (text, { readBox }) => checkPlan(text, mission, readBox));
}

/** A plan that fulfils the mission, whatever the briefly trained weights say. */
const good = () => {
  const { category, source, target, kind, regions } = planByDescriptors(mission);
  return JSON.stringify({
    category,
    source,
    target,
    kind,
    regions: regions.map(({ label }) => ({ label, box: [0.3, 0.5, 0.7, 0.8] })),
  });
};
const formats = () => server.seen.map(({ response_format: format }) => format?.type ?? "text");

test("the reply over HTTP is the reply of the same model in this process, also out of prose and a code fence", async () => {
  const question = {
    system: "",
    messages: [{ role: "user" as const, text: planQuestion(mission) }],
    image: picture,
    schema,
    schemaName: "plan",
  };
  const direct = await (await openOnnxVlm(model)).complete(question);
  const wrap = (reply: string) =>
    `Of course! Here is the plan:\n\`\`\`json\n${reply}\n\`\`\`\nLet me know {if} it helps.`;
  server.misdeeds.push({}, { say: wrap });
  const streamed = await chatWith({ boxes: "fraction" }).complete(question);
  const whole = await chatWith({ boxes: "fraction", stream: false }).complete(question);
  expect(streamed.text).toBe(direct.text);
  expect(whole.text).toBe(wrap(direct.text));
  expect(extractJson(whole.text)).toEqual(JSON.parse(direct.text));
});

test.each([
  ["pixels", "pixel", "[77,128,179,205]", [77 / 256, 0.5, 179 / 256, 205 / 256]],
  ["thousandths", "detect", "[300,500,700,800]", [0.3, 0.5, 0.7, 0.8]],
  ["corners in the wrong order", "fraction", "[0.7,0.8,0.3,0.5]", [0.3, 0.5, 0.7, 0.8]],
] as const)("boxes in %s are understood", async (_, boxes, written, box) => {
  server.misdeeds.push({ instead: good().replaceAll("[0.3,0.5,0.7,0.8]", written) });
  const answer = await plan(chatWith({ boxes }));
  answer.value!.regions[0]!.box.forEach((value, at) => expect(value).toBeCloseTo(box[at]!, 3));
  expect(server.seen).toHaveLength(1);
});

test("the box probe finds out that a model counts in pixels", async () => {
  const pixels = JSON.stringify({ box: [0.5, 0.3, 0.75, 0.45].map((value) => Math.round(value * 256)) });
  server.misdeeds.push(
    { say: () => pixels },
    { say: () => good().replaceAll("[0.3,0.5,0.7,0.8]", "[77,128,179,205]") },
  );
  const answer = await plan(chatWith());
  expect(answer.value!.regions[0]!.box[1]).toBeCloseTo(0.5, 2);
  expect(server.seen.map(({ response_format: format }) => format?.json_schema?.name)).toEqual(["box", "edit_plan"]);
});

test("a wrong schema is repaired once; when that fails, plain lines are asked for", async () => {
  const wrong = { instead: '{"plan":{"mood":"joy"}}' };
  const { category, source, target, kind, regions } = planByDescriptors(mission);
  const lines = [
    `category: ${category}`,
    `source: ${source}`,
    `target: ${target}`,
    `kind: ${kind}`,
    `regions: ${regions[0]!.label} | 0.3, 0.5, 0.7, 0.8`,
  ];
  server.misdeeds.push(wrong, { instead: good() });
  expect((await plan(chatWith({ boxes: "fraction" }))).problems).toEqual([]);
  expect(server.seen[1]!.messages.at(-1)!.content).toContain("category");
  server.misdeeds.push(wrong, wrong, { instead: `Here you are:\n${lines.join("\n")}` });
  const answer = await plan(chatWith({ boxes: "fraction" }));
  expect(answer.value).toMatchObject({ source, target, regions: [{ label: regions[0]!.label }] });
  expect(formats().slice(2)).toEqual(["json_schema", "json_schema", "text"]);
});

test.each([true, false])("a refusal is not argued with (stream %s)", async (stream) => {
  server.misdeeds.push({ refuse: true, instead: "I'm sorry, I can't help with that." });
  const answer = await plan(chatWith({ boxes: "fraction", stream }));
  expect(answer).toMatchObject({ value: undefined, problems: ["the model declined to answer"] });
  expect(server.seen).toHaveLength(1);
});

test("a format that the server does not know gives way to a weaker one, once and for all", async () => {
  server.unknownFormats.add("json_schema").add("json_object");
  server.misdeeds.push({}, {}, { instead: good() }, { instead: good() });
  const chat = chatWith({ boxes: "fraction" });
  for (const _ of [1, 2]) expect((await plan(chat)).problems).toEqual([]);
  expect(formats()).toEqual(["json_schema", "json_object", "text", "text"]);
});

test("429 and 503 are asked again after the pause that the server wants, then succeed", async () => {
  server.misdeeds.push({ status: 429, headers: { "retry-after": "1" } }, { status: 503 }, { instead: good() });
  const start = performance.now();
  expect((await plan(chatWith({ boxes: "fraction" }))).problems).toEqual([]);
  expect(performance.now() - start).toBeGreaterThan(990);
  expect(server.seen).toHaveLength(3);
});

test("a stream that is cut in half is asked again; one that stalls is given up", async () => {
  server.misdeeds.push({ cut: true, instead: good() }, { instead: good() });
  expect((await plan(chatWith({ boxes: "fraction" }))).problems).toEqual([]);
  expect(server.seen).toHaveLength(2);
  server.misdeeds.push({ stallMs: 3000, instead: good() });
  const stalled = plan(chatWith({ boxes: "fraction", stallMs: 200 }));
  await expect(stalled).rejects.toMatchObject({
    reason: "CHAT_TIMEOUT",
    message: expect.stringContaining("stalled for 200 ms"),
  });
});

test("a server that keeps failing is left alone: the circuit opens and no more requests arrive", async () => {
  for (let count = 0; count < 20; count++) server.misdeeds.push({ status: 503, headers: { "retry-after": "0" } });
  const chat = chatWith({ boxes: "fraction" });
  for (const _ of [1, 2]) await expect(plan(chat)).rejects.toMatchObject({ reason: "CHAT_UNAVAILABLE" });
  const asked = server.seen.length;
  expect(asked).toBe(5);
  await expect(plan(chat)).rejects.toThrow(/5 times in a row and is left alone/);
  expect(server.seen).toHaveLength(asked);
});

test("a span tells the model, the tokens and the finish, and no text", async () => {
  const seen: { name: string; attributes: Record<string, unknown> }[] = [];
  trace.setGlobalTracerProvider({ getTracer: () => recordingTracer(seen) });
  try {
    server.misdeeds.push({ instead: good() });
    await plan(chatWith({ boxes: "fraction" }));
  } finally {
    trace.disable();
  }
  expect(seen).toHaveLength(1);
  expect(seen[0]).toMatchObject({
    name: "chat mini-vlm",
    attributes: {
      "gen_ai.operation.name": "chat",
      "gen_ai.request.model": "mini-vlm",
      "gen_ai.response.model": "mini-vlm",
      "gen_ai.usage.input_tokens": 70,
      "gen_ai.usage.output_tokens": 90,
      "gen_ai.response.finish_reasons": ["stop"],
    },
  });
  expect(JSON.stringify(seen)).not.toContain("joy");
});

/** The least of a tracer: keeps names and attributes. */
function recordingTracer(seen: { name: string; attributes: Record<string, unknown> }[]): Tracer {
  return {
    startActiveSpan: (
      name: string,
      options: { attributes: Record<string, unknown> },
      work: (span: unknown) => unknown,
    ) => {
      const record = { name, attributes: { ...options.attributes } };
      seen.push(record);
      return work({
        setAttribute: (key: string, value: unknown) => Object.assign(record.attributes, { [key]: value }),
        setStatus: () => undefined,
        end: () => undefined,
      });
    },
  } as unknown as Tracer;
}
