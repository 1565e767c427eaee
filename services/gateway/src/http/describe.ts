import { z } from "zod";

export type Json = Record<string, unknown>;

const id = { name: "id", in: "path", required: true, schema: { type: "string" } };

/** The path parameter `id`, and others of the same kind. */
export function pathParameters(...others: readonly string[]): Json[] {
  return [id, ...others.map((name) => ({ ...id, name }))];
}

/** The parameters of a list in pages. */
export const pageParameters: readonly Json[] = [
  { name: "limit", in: "query", schema: { type: "integer", minimum: 1, maximum: 200, default: 50 } },
  { name: "cursor", in: "query", schema: { type: "string" }, description: "next_cursor of the page before." },
];

/** An answer whose body is the named schema. */
export function answer(description: string, schema: string, example?: unknown): Json {
  const media = { schema: { $ref: `#/components/schemas/${schema}` }, ...(example !== undefined && { example }) };
  return { description, content: { "application/json": media } };
}

/** An answer that is a problem. */
export function problemAnswer(description: string): Json {
  return { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
}

/** The header Idempotency-Key of a POST that makes a `thing`, and the answer to a key that belongs to another request. */
export function idempotencyKey(thing: string): Json {
  return {
    name: "Idempotency-Key",
    in: "header",
    schema: { type: "string", minLength: 1, maxLength: 255 },
    description: `A repeated request with the same key and payload finds the first one's ${thing} for as long as that is kept.`,
  };
}
export const keyReused = problemAnswer("The Idempotency-Key came with another payload before.");

/** An answer that leads to the storage. */
export const redirect: Json = {
  description: "The way to the storage, when the operator has it so; it works for a while.",
  headers: { Location: { schema: { type: "string", format: "uri" } } },
};

/** A JSON request body. */
export function jsonBody(fields: z.ZodType, example: unknown, required = true): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(fields, { io: "input" }) as Json;
  return { required, content: { "application/json": { schema, example } } };
}
