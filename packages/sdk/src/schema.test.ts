import { readFileSync } from "node:fs";
import openapiTS, { astToString, COMMENT_HEADER } from "openapi-typescript";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("is what openapi.json gives today; else run `npm run generate -w @moodifier/sdk`", async () => {
  const api = JSON.parse(read("../../../services/gateway/openapi.json")) as Parameters<typeof openapiTS>[0];
  expect(COMMENT_HEADER + astToString(await openapiTS(api))).toBe(read("./gen/schema.ts"));
});
