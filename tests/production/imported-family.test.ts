// A family that `moodifier models import` made, planned by a chat server and edited by the four services. MOODIFIER_PRODUCTION_MODEL is its folder.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { configSchema, start, type RunningStack } from "@moodifier/embedded";
import { decodeImage, openModel, type Model } from "@moodifier/inference";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serveVlm, type VlmServer } from "../../services/mllm/test/vlm-server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const modelDir = process.env["MOODIFIER_PRODUCTION_MODEL"] ?? "";
const picture = `${root}examples/avataaars-neutral.png`;
/** What the test reads of a job. */
interface Job {
  id: string;
  status: string;
  urls: { result: string };
  outside_mask: { changed_px: number };
  timings: Record<string, number>;
}

let mini: Model;
let chat: VlmServer;
let stack: RunningStack;

beforeAll(async () => {
  expect(modelDir, "MOODIFIER_PRODUCTION_MODEL: folder of the imported family").not.toBe("");
  mini = await openModel(`${root}models/mini`, { threads: 1 });
  chat = await serveVlm(mini);
  const settings = {
    modelDir,
    threads: 2,
    logLevel: "warn",
    chat: "openai",
    chatUrl: chat.url,
    chatModel: "mini-vlm",
    chatTimeoutMs: 300_000,
  };
  stack = await start(configSchema.parse(settings));
});
afterAll(async () => {
  await stack?.stop();
  chat?.stop();
  await mini?.close();
});

async function edit(seed: number): Promise<{ job: Job; image: Buffer }> {
  const form = new FormData();
  form.set("image", new Blob([await readFile(picture)]), "face.png");
  form.set("emotion", "joy");
  form.set("steps", "4");
  form.set("seed", String(seed));
  const answer = await fetch(`${stack.url}/v1/edits`, { method: "POST", body: form });
  let job = (await answer.json()) as Job;
  expect(answer.ok, JSON.stringify(job)).toBe(true);
  while (!["succeeded", "failed", "cancelled", "expired"].includes(job.status)) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    job = (await (await fetch(`${stack.url}/v1/edits/${job.id}`)).json()) as Job;
  }
  expect(job.status, JSON.stringify(job)).toBe("succeeded");
  return { job, image: Buffer.from(await (await fetch(job.urls.result)).arrayBuffer()) };
}

test("an edit is planned by the chat server, keeps every pixel outside the mask and repeats byte for byte", async () => {
  const first = await edit(3);
  expect(first.job.outside_mask.changed_px).toBe(0);
  const [before, after] = [await decodeImage(await readFile(picture)), await decodeImage(first.image)];
  expect([after.width, after.height]).toEqual([before.width, before.height]);
  expect(Buffer.from(after.data).equals(Buffer.from(before.data))).toBe(false);
  // The box probe, then the plan.
  expect(chat.seen.map(({ response_format: format }) => format?.json_schema?.name).slice(0, 2)).toEqual([
    "box",
    "edit_plan",
  ]);
  const again = await edit(3);
  expect(again.image.equals(first.image)).toBe(true);
  console.log(JSON.stringify({ model: modelDir, timings: again.job.timings }));
});
