import { quote, refuse } from "../../http/refuse.ts";

/** What a name may be made of. */
export const placeholders = [
  "sku",
  "variant",
  "position",
  "emotion",
  "intensity",
  "seed",
  "id",
  "row",
  "rendition",
  "ext",
] as const;

export type Placeholder = (typeof placeholders)[number];
export type NameValues = Readonly<Partial<Record<Placeholder, string>>>;

type Part = string | { readonly name: Placeholder; readonly width: number };

/** A pattern such as `{sku}/{sku}_{position:02}.{ext}`. */
export class NameTemplate {
  readonly text: string;
  readonly #parts: readonly Part[];

  /** Throws TEMPLATE_INVALID for unknown placeholders, stray braces, a pattern without `{ext}` at its end, and forbidden characters. */
  constructor(text: string) {
    this.text = text;
    this.#parts = text
      .split(/(\{[^{}]*\})/)
      .filter((part) => part !== "")
      .map((part) => parsePart(part, text));
    const last = this.#parts.at(-1);
    if (typeof last !== "object" || last.name !== "ext") throw invalid("a pattern that ends in {ext}", text);
  }

  /** The placeholders that the pattern uses. */
  get uses(): ReadonlySet<Placeholder> {
    return new Set(this.#parts.flatMap((part) => (typeof part === "string" ? [] : [part.name])));
  }

  /** The name for a row. Throws NAME_VALUE_MISSING when a value is missing or empty. */
  fill(values: NameValues): string {
    return this.#parts.map((part) => (typeof part === "string" ? part : fillPart(part, values))).join("");
  }
}

function parsePart(part: string, text: string): Part {
  const [, name, zero, width = "0"] = /^\{(\w+)(?::(0)?(\d))?\}$/.exec(part) ?? [];
  if (name === undefined) {
    if (/[{}]/.test(part)) throw invalid("placeholders such as {sku} or {position:02}", text);
    if (/[<>:"|?*\\\p{Cc}]/u.test(part)) throw invalid('no character of < > : " | ? * \\ in a name', text);
    return part;
  }
  const known = placeholders.find((each) => each === name);
  if (!known) throw invalid(`placeholders of ${placeholders.join(", ")}`, text);
  return { name: known, width: zero === undefined && width === "0" ? 0 : Number(width) };
}

function fillPart({ name, width }: Exclude<Part, string>, values: NameValues): string {
  const value = values[name];
  if (value === undefined || value === "") {
    throw refuse("NAME_VALUE_MISSING", {
      argument: name,
      expected: `a value for {${name}} in the name`,
      got: "nothing",
    });
  }
  return value.padStart(width, "0");
}

function invalid(expected: string, text: string): Error {
  return refuse("TEMPLATE_INVALID", { argument: "output.name", expected, got: quote(text) });
}
