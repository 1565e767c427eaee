import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { buildOpenApi } from "./openapi.ts";
import { schemaExamples } from "./openapi-examples.ts";

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

interface Media {
  readonly schema?: { readonly $ref?: string };
  readonly example?: unknown;
}

it("has an example for every JSON body and answer, and each fits its schema", () => {
  const registry = z.globalRegistry as unknown as { _idmap: ReadonlyMap<string, z.ZodType> };
  const checkedBy = (name: string) => registry._idmap.get(name) ?? expect.fail(`no schema ${name}`);
  for (const [name, example] of Object.entries(schemaExamples)) checkedBy(name).parse(example);
  const missing: string[] = [];
  const { paths } = buildOpenApi() as { paths: Record<string, Record<string, Record<string, never>>> };
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, { requestBody, responses }] of Object.entries(operations)) {
      const bodies = [requestBody, ...Object.values(responses ?? {})] as (
        | { content?: Record<string, Media> }
        | undefined
      )[];
      for (const [type, { schema, example }] of bodies.flatMap((body) => Object.entries(body?.content ?? {}))) {
        if (type !== "application/json") continue;
        const name = schema?.$ref?.split("/").at(-1);
        if (example === undefined) missing.push(`${method} ${path} ${type}`);
        else if (name !== undefined) checkedBy(name).parse(example);
      }
    }
  }
  expect(missing).toEqual([]);
});
