import { compileGrammar, type Piece } from "../src/chat/grammar.ts";
import type { ReplySchema } from "../src/chat/reply-schema.ts";

/** One separately tokenised stretch of a reply. `digits` are tokenised one by one. */
export type Segment = { kind: "literal" | "text" | "option" | "digits" | "choice"; text: string };

/**
 * Serialises a value the way the planner was trained to write it. The concatenated texts are the compact JSON of the value, its fractions
 * rounded to two decimals within 0.00..0.99.
 * @throws TypeError when the value does not follow the schema.
 */
export function segmentReply(schema: ReplySchema, value: unknown): Segment[] {
  const fields = fieldsOf(schema, value);
  return write(compileGrammar(schema), fields, listLengths(schema, value));
}

/** Tokenises segments with `encode`, every segment on its own and digits one by one. */
export function encodeSegments(segments: Segment[], encode: (text: string) => number[]): number[] {
  return segments.flatMap(({ kind, text }) => (kind === "digits" ? [...text].flatMap(encode) : encode(text)));
}

function write(pieces: Piece[], fields: string[], lengths: number[]): Segment[] {
  return pieces.flatMap((piece): Segment[] => {
    if (piece.kind === "literal") return [piece];
    if (piece.kind !== "repeat") return [{ kind: piece.kind, text: next(fields) }];
    const count = next(lengths);
    const segments: Segment[] = [];
    for (let index = 0; index < count; index++) {
      segments.push(...write(index === 0 ? piece.first : piece.again, fields, lengths));
      segments.push({ kind: "choice", text: index === count - 1 ? "]" : "," });
    }
    return segments;
  });
}

function next<T>(queue: T[]): T {
  const value = queue.shift();
  if (value === undefined) throw new TypeError("the value has fewer fields than its schema");
  return value;
}

/** The texts of all fields in writing order. */
function fieldsOf(schema: ReplySchema, value: unknown): string[] {
  if (schema.type === "object") {
    const members = value as Record<string, unknown>;
    return Object.entries(schema.properties).flatMap(([name, child]) => fieldsOf(child, members[name]));
  }
  if (schema.type === "array") return asList(value).flatMap((item) => fieldsOf(schema.items, item));
  if (schema.type === "number") {
    if (typeof value !== "number") throw new TypeError(`expected a number, got ${typeof value}`);
    const hundredths = Math.min(99, Math.max(0, Math.round(value * 100)));
    return [String(hundredths).padStart(2, "0")];
  }
  if (typeof value !== "string") throw new TypeError(`expected a string, got ${typeof value}`);
  return [value];
}

/** The lengths of all variable lists in writing order. */
function listLengths(schema: ReplySchema, value: unknown): number[] {
  if (schema.type === "object") {
    const members = value as Record<string, unknown>;
    return Object.entries(schema.properties).flatMap(([name, child]) => listLengths(child, members[name]));
  }
  if (schema.type !== "array") return [];
  const items = asList(value);
  const own = schema.minItems === schema.maxItems ? [] : [items.length];
  return [...own, ...items.flatMap((item) => listLengths(schema.items, item))];
}

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`expected a list, got ${typeof value}`);
  return value;
}
