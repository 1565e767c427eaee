import { createPicture, encodePng } from "@moodifier/inference";
import { common, mllm } from "@moodifier/proto";
import { createClient, loadConfig } from "@moodifier/service-kit";
import { afterEach, expect, test } from "vitest";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";
import { saying, serveAnswers, type Answer } from "../test/chat-server.ts";

const modelDir = new URL("../../../tests/golden/tiny", import.meta.url).pathname;
const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const source =
  "A portrait of a person. The mouth is a thin line. The eyes are calm. The eyebrows are level. The picture conveys neutral.";
const target =
  "A portrait of a person. The mouth is a wide smile. The eyes are bright. The eyebrows are raised. The picture conveys joy.";
const plan = {
  category: "face",
  source,
  target,
  kind: "shape",
  regions: [{ label: "mouth", box: [0.7, 0.55, 0.3, 0.8] }],
};

async function planWith(answers: Answer[], request: Partial<mllm.PlanEditRequest> = {}) {
  const chat = await serveAnswers(answers);
  closing.push(chat.stop);
  const env = {
    MOODIFIER_MODEL_DIR: modelDir,
    MOODIFIER_LOG_LEVEL: "silent",
    MOODIFIER_CHAT: "openai",
    MOODIFIER_CHAT_URL: chat.url,
    MOODIFIER_CHAT_MODEL: "llava",
    MOODIFIER_CHAT_BOXES: "detect",
  };
  const service = await start(loadConfig(configSchema, env));
  closing.push(service.stop);
  const client = createClient(mllm.PlannerClient, service.address, { retry: { attempts: 1 } });
  closing.push(client.close);
  const data = new Uint8Array(40 * 20 * 3).fill(90);
  const image = {
    data: await encodePng(createPicture({ width: 40, height: 20, channels: 3, data })),
    mediaType: "image/png",
  };
  const answer = await client.planEdit({ image, emotion: "joy", ...request }).catch((error: unknown) => error);
  return { answer, seen: chat.seen };
}

test("a chat server's plan becomes the edit plan, its boxes turned upright and into the picture", async () => {
  const { answer, seen } = await planWith([saying(`Here it is:\n\`\`\`json\n${JSON.stringify(plan)}\n\`\`\``)]);
  expect(answer).toMatchObject({
    plan: {
      sourceCaption: source,
      targetPrompt: target,
      kind: common.EditKind.SHAPE,
      modelId: "llava",
      blendWords: ["mouth"],
    },
  });
  const { regions, warnings } = (answer as mllm.PlanEditResponse).plan ?? { regions: [], warnings: [] };
  expect(warnings.map(({ code }) => code)).not.toContain("PLANNER_FALLBACK");
  // The picture is 40 x 20 in a square view: its rows are the middle half.
  expect(regions[0]?.box?.x0).toBeCloseTo(0.3);
  expect(regions[0]?.box?.y0).toBeCloseTo(0.6);
  expect(regions[0]?.box?.y1).toBeCloseTo(1);
  expect(JSON.stringify(seen[0]?.body.messages)).toContain(
    "Plan an edit that makes this picture express joy at intensity 0.8.",
  );
});

test("boxes counted in thousandths are understood", async () => {
  const thousandths = { ...plan, regions: [{ label: "mouth", box: [300, 550, 700, 800] }] };
  const { answer } = await planWith([saying(JSON.stringify(thousandths))]);
  expect((answer as mllm.PlanEditResponse).plan?.regions[0]?.box?.x0).toBeCloseTo(0.3);
});

test("a target that misses its mission is repaired once, then replaced with a warning", async () => {
  const wrong = saying(JSON.stringify({ ...plan, target: source }));
  const repaired = await planWith([wrong, saying(JSON.stringify(plan))]);
  expect((repaired.answer as mllm.PlanEditResponse).plan?.targetPrompt).toBe(target);
  expect(JSON.stringify(repaired.seen[1]?.body.messages.at(-1))).toContain("does not name joy");

  const lost = await planWith([wrong, wrong, wrong]);
  expect((lost.answer as mllm.PlanEditResponse).plan?.warnings).toContainEqual({
    code: "TARGET_FALLBACK",
    message: expect.stringContaining("does not name joy"),
  });
});

test("a plan for another region than asked is not accepted", async () => {
  const elsewhere = saying(JSON.stringify(plan));
  const { answer } = await planWith([elsewhere, elsewhere, elsewhere], { region: "eyes" });
  const { regions = [], warnings = [] } = (answer as mllm.PlanEditResponse).plan ?? {};
  expect(regions.map(({ label }) => label)).toEqual(["eyes"]);
  expect(warnings.map(({ code }) => code)).toContain("PLANNER_FALLBACK");
});

test("a chat server that fails is an error, never a silent fallback", async () => {
  const { answer } = await planWith([{ status: 401 }]);
  expect(answer).toMatchObject({ code: "FAILED_PRECONDITION", reason: "CHAT_REFUSED" });
});

test("a chat server needs its address and model", () => {
  const env = { MOODIFIER_MODEL_DIR: modelDir, MOODIFIER_CHAT: "openai" };
  expect(() => loadConfig(configSchema, env)).toThrow(/MOODIFIER_CHAT_URL.*MOODIFIER_CHAT_MODEL/);
});
