import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type GatewayUnderTest, startGateway } from "../../services/gateway/src/testing/gateway-under-test.ts";
import { prepareSchemathesis, runSchemathesis } from "./schemathesis.ts";

/** Cases for each operation that are made at random: MOODIFIER_CASES makes a longer run, MOODIFIER_SEED another. */
const cases = Number(process.env["MOODIFIER_CASES"] ?? 10);
const seed = Number(process.env["MOODIFIER_SEED"] ?? 1);
let gateway: GatewayUnderTest;
let folder: string;

beforeAll(async () => {
  prepareSchemathesis();
  folder = await mkdtemp(join(tmpdir(), "moodifier-openapi-"));
  gateway = await startGateway({ outputDir: folder });
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true, force: true });
});

it("answers whatever is made from its document, right or wrong, without a fault and as the document says", async () => {
  expect(await runSchemathesis(`${gateway.url}/openapi.json`, { cases, seed })).toBe("");
});
