import type { ReplySchema } from "./reply-schema.ts";

/**
 * One piece of a reply, in writing order. A reply is compact JSON; everything that is not a choice of the model is a literal.
 * The planner was trained with each piece encoded on its own, so the pieces are also the boundaries of tokenisation.
 */
export type Piece =
  /** Text that is always the same: braces, keys, quotes, commas, "0.". Neighbouring literals are one piece. */
  | { kind: "literal"; text: string }
  /** The inside of a free string. */
  | { kind: "text"; minLength: number; maxLength: number }
  /** The inside of an enum string. */
  | { kind: "option"; options: string[] }
  /** The two decimals of a fraction. */
  | { kind: "digits" }
  /**
   * The items of a list of variable length and its closing bracket. Between items stands a separator of one token, "," or "]", which is
   * never merged with its neighbours. `first` lacks the item's leading literal, which is merged into the literal before the list.
   */
  | { kind: "repeat"; first: Piece[]; again: Piece[]; minItems: number; maxItems: number };

/** Compiles a schema to the pieces of its compact JSON text. The first and the last piece may be literals; no two neighbours are. */
export function compileGrammar(schema: ReplySchema): Piece[] {
  return mergeLiterals(piecesOf(schema));
}

function piecesOf(schema: ReplySchema): Piece[] {
  if (schema.type === "object") {
    const members = Object.entries(schema.properties).flatMap(([name, child], index) => [
      literal(`${index === 0 ? "{" : ","}${JSON.stringify(name)}:`),
      ...piecesOf(child),
    ]);
    return [...members, literal("}")];
  }
  if (schema.type === "number") return [literal("0."), { kind: "digits" }];
  if (schema.type === "string") {
    const field: Piece =
      "enum" in schema
        ? { kind: "option", options: schema.enum }
        : { kind: "text", minLength: schema.minLength ?? 0, maxLength: schema.maxLength ?? Number.POSITIVE_INFINITY };
    return [literal('"'), field, literal('"')];
  }
  return schema.minItems === schema.maxItems
    ? fixedList(schema.items, schema.minItems)
    : variableList(schema.items, schema.minItems, schema.maxItems);
}

function fixedList(items: ReplySchema, count: number): Piece[] {
  const all = Array.from({ length: count }, (_, index) => [literal(index === 0 ? "[" : ","), ...piecesOf(items)]);
  return [...all.flat(), literal("]")];
}

function variableList(items: ReplySchema, minItems: number, maxItems: number): Piece[] {
  const again = mergeLiterals(piecesOf(items));
  const [lead, ...first] = again;
  // Every item starts with a literal: '{', '[', '"' or '0.'.
  if (lead?.kind !== "literal") throw new TypeError("an item of a list starts with a literal");
  return [literal(`[${lead.text}`), { kind: "repeat", first, again, minItems, maxItems }];
}

function literal(text: string): Piece {
  return { kind: "literal", text };
}

function mergeLiterals(pieces: Piece[]): Piece[] {
  const merged: Piece[] = [];
  for (const piece of pieces) {
    const last = merged.at(-1);
    if (piece.kind === "literal" && last?.kind === "literal") {
      merged[merged.length - 1] = literal(last.text + piece.text);
    } else {
      merged.push(piece);
    }
  }
  return merged;
}
