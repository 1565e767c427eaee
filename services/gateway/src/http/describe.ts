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
  return { required, content: { "application/json": { schema: inputSchema(fields), example } } };
}

/** The JSON schema of what a client may send. */
export function inputSchema(fields: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(fields, { io: "input" }) as Json;
  return schema;
}

/** The parameters of a query string. */
export function queryParameters(fields: z.ZodObject): Json[] {
  const { properties } = inputSchema(fields) as { properties: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    schema,
    ...(description !== undefined && { description }),
  }));
}

const file = { type: "string", format: "binary" };
const picture = {
  type: "object",
  required: ["data"],
  additionalProperties: false,
  properties: {
    data: { type: "string", contentEncoding: "base64", description: "At most 32 MiB and 40 megapixels." },
    media_type: { type: "string", description: "The decoder looks at the bytes and ignores this." },
  },
};

/** A request with a picture and perhaps a mask: files of a form, or base64 in JSON. */
export function pictureBody(fields: z.ZodType): Json {
  const schema = inputSchema(fields);
  const withPictures = (image: Json): Json => ({
    ...schema,
    properties: {
      image: { ...image, description: "PNG, JPEG or WebP with one frame." },
      mask: {
        ...image,
        description: "White = may change. The proportions of the upright picture; scaled to its size.",
      },
      ...(schema["properties"] as Json),
    },
    required: ["image", ...((schema["required"] as string[] | undefined) ?? [])],
  });
  return {
    required: true,
    content: {
      "multipart/form-data": { schema: withPictures(file) },
      "application/json": { schema: withPictures(picture) },
    },
  };
}

const rateFields = {
  "RateLimit-Policy": { schema: { type: "string" }, description: "Quotas of requests and megapixel-steps, where set." },
  RateLimit: { schema: { type: "string" }, description: "What is left of them, and the seconds until they are new." },
};

/** Headers of an answer about something that a POST has made. */
export const made: Json = {
  ...rateFields,
  "Idempotency-Replayed": { schema: { type: "string", enum: ["true"] }, description: "It was there already." },
  Location: { schema: { type: "string" }, description: "Its path." },
};
