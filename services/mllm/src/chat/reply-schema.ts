/**
 * The subset of JSON Schema that every reply of the planner is described in. Both adapters understand all of it: `openai-chat` sends it
 * as `response_format`, `onnx-vlm` compiles it to a grammar. Everything is required and the order of properties is the order of the text.
 */
export type ReplySchema = ObjectSchema | OptionSchema | TextSchema | FractionSchema | ArraySchema;

/** An object whose properties appear in the order they are declared in; none is optional. */
export type ObjectSchema = { type: "object"; properties: Record<string, ReplySchema> };
/** One of a few constant strings. */
export type OptionSchema = { type: "string"; enum: string[] };
/** A free string: lengths in UTF-16 code units. */
export type TextSchema = { type: "string"; minLength?: number; maxLength?: number };
/** A fraction written with two decimals, 0.00 to 0.99. */
export type FractionSchema = { type: "number"; minimum: 0; maximum: 0.99; multipleOf: 0.01 };
/** A list; of fixed length when `minItems` equals `maxItems`. `minItems` is at least 1. */
export type ArraySchema = { type: "array"; items: ReplySchema; minItems: number; maxItems: number };

/** Thrown when a schema leaves the subset. `reason` is always SCHEMA_UNSUPPORTED. */
export class SchemaError extends Error {
  override readonly name = "SchemaError";
  readonly reason = "SCHEMA_UNSUPPORTED";
  constructor(path: string, expected: string) {
    super(`reply schema at ${path || "the root"}: expected ${expected}`);
  }
}

type Loose = Record<string, unknown>;

/**
 * Narrows a JSON Schema document to the subset, dropping annotations that the grammar does not need.
 * @throws SchemaError that names the place which leaves the subset.
 */
export function narrowSchema(document: unknown, path = ""): ReplySchema {
  if (typeof document !== "object" || document === null) throw new SchemaError(path, "an object");
  const node = document as Loose;
  switch (node["type"]) {
    case "object":
      return narrowObject(node, path);
    case "string":
      return narrowString(node, path);
    case "number":
      if (node["minimum"] !== 0 || node["maximum"] !== 0.99 || node["multipleOf"] !== 0.01) {
        throw new SchemaError(path, "a number from 0 to 0.99 in steps of 0.01");
      }
      return { type: "number", minimum: 0, maximum: 0.99, multipleOf: 0.01 };
    case "array":
      return narrowArray(node, path);
    default:
      throw new SchemaError(path, "type object, string, number or array");
  }
}

function narrowObject(node: Loose, path: string): ObjectSchema {
  const entries = Object.entries((node["properties"] ?? {}) as Loose);
  const required = new Set((node["required"] ?? []) as string[]);
  if (entries.length === 0) throw new SchemaError(path, "at least one property");
  const properties: Record<string, ReplySchema> = {};
  for (const [name, child] of entries) {
    if (!required.has(name)) throw new SchemaError(`${path}/${name}`, "a required property");
    properties[name] = narrowSchema(child, `${path}/${name}`);
  }
  return { type: "object", properties };
}

function narrowString(node: Loose, path: string): OptionSchema | TextSchema {
  const options = node["enum"];
  if (options === undefined) {
    const { minLength, maxLength } = node as { minLength?: number; maxLength?: number };
    return {
      type: "string",
      ...(minLength === undefined ? {} : { minLength }),
      ...(maxLength === undefined ? {} : { maxLength }),
    };
  }
  if (!Array.isArray(options) || options.length === 0 || !options.every((option) => typeof option === "string")) {
    throw new SchemaError(path, "a non-empty enum of strings");
  }
  return { type: "string", enum: options };
}

function narrowArray(node: Loose, path: string): ArraySchema {
  const { minItems, maxItems } = node as { minItems?: number; maxItems?: number };
  if (minItems === undefined || maxItems === undefined || minItems < 1 || maxItems < minItems) {
    throw new SchemaError(path, "an array with 1 <= minItems <= maxItems");
  }
  return { type: "array", items: narrowSchema(node["items"], `${path}/items`), minItems, maxItems };
}

/** The schema as a strict JSON Schema document: everything required, nothing additional. */
export function strictJsonSchema(schema: ReplySchema): Record<string, unknown> {
  if (schema.type === "array") return { ...schema, items: strictJsonSchema(schema.items) };
  if (schema.type !== "object") return { ...schema };
  const names = Object.keys(schema.properties);
  return {
    type: "object",
    properties: Object.fromEntries(
      Object.entries(schema.properties).map(([name, child]) => [name, strictJsonSchema(child)]),
    ),
    required: names,
    additionalProperties: false,
  };
}
