import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { buildOpenApi } from "./openapi.ts";

it("is committed as the code says; else run `npm run openapi -w @moodifier/gateway`", () => {
  const committed: unknown = JSON.parse(readFileSync(new URL("../../openapi.json", import.meta.url), "utf8"));
  expect(committed).toEqual(JSON.parse(JSON.stringify(buildOpenApi())));
});

it("refers only to schemas that it has", () => {
  const text = JSON.stringify(buildOpenApi());
  const { schemas } = buildOpenApi()["components"] as { schemas: Record<string, unknown> };
  const named = [...text.matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(([, name]) => name);
  expect(new Set(named)).toEqual(new Set(Object.keys(schemas)));
});
