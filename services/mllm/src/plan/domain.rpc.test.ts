import { readFile } from "node:fs/promises";
import { createPicture, encodePng } from "@moodifier/inference";
import { mllm } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { configSchema } from "../config.ts";
import { start } from "../start.ts";

const root = new URL("../../../../", import.meta.url);

let service: RunningService;
let client: ServiceClient<mllm.PlannerService>;

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir: new URL("models/mini", root).pathname, logLevel: "silent" }));
  client = createClient(mllm.PlannerClient, service.address);
}, 60_000);

afterAll(async () => {
  client?.close();
  await service?.stop();
});

async function warningsOf(data: Uint8Array): Promise<string[]> {
  const { plan } = await client.planEdit({
    image: { data: Buffer.from(data), mediaType: "image/png" },
    emotion: "joy",
  });
  return plan?.warnings.map(({ code }) => code) ?? [];
}

test.each(["avataaars-neutral", "lorelei-neutral"])("%s is no foreign picture", async (name) => {
  expect(await warningsOf(await readFile(new URL(`examples/${name}.png`, root)))).not.toContain("OUT_OF_DOMAIN");
});

test("noise is planned all the same, and marked as foreign", async () => {
  const data = Uint8Array.from({ length: 64 * 64 * 3 }, (_, at) => ((at * 7919) >>> 3) % 256);
  const noise = await encodePng(createPicture({ width: 64, height: 64, channels: 3, data }));
  expect(await warningsOf(noise)).toContain("OUT_OF_DOMAIN");
});
