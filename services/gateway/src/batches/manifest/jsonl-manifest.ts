import { StringDecoder } from "node:string_decoder";
import { isPlainText } from "../../http/plain-text.ts";
import { quote, refuse } from "../../http/refuse.ts";
import { type ManifestRow, type ManifestRows, maxRowLength } from "./manifest-row.ts";

/** Reads JSON lines as a stream: one object of texts, numbers, booleans or nulls a line. A line that isn't one is a faulty row. Errors: MANIFEST_EMPTY. */
export class JsonlManifest implements ManifestRows {
  readonly #columns = new Set<string>();
  readonly #content: AsyncIterable<Uint8Array>;

  constructor(content: AsyncIterable<Uint8Array>) {
    this.#content = content;
  }

  get columns(): readonly string[] {
    return [...this.#columns];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ManifestRow> {
    let index = 0;
    for await (const { line, text } of linesOf(this.#content)) {
      if (text.trim() === "") continue;
      const row = toRow(text, { index: index++, line });
      for (const name of Object.keys(row.fields)) this.#columns.add(name);
      yield row;
    }
    if (index === 0) {
      throw refuse("MANIFEST_EMPTY", { argument: "manifest", expected: "a line for each row", got: "nothing" });
    }
  }
}

function toRow(text: string, at: { index: number; line: number }): ManifestRow {
  const fail = (got: string): ManifestRow => ({
    ...at,
    fields: {},
    fault: refuse("ROW_MALFORMED", { argument: `line ${at.line}`, expected: "a flat JSON object", got }),
  });
  if (text.length > maxRowLength) return fail(`more than ${maxRowLength} characters`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fail(quote(text));
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return fail(quote(value));
  const cells = Object.entries(value).filter(([, cell]) => cell !== null);
  const nested = cells.find(([, cell]) => typeof cell === "object");
  if (nested) return fail(`a nested value in ${quote(nested[0])}`);
  const broken = cells.flat().find((each) => typeof each === "string" && !isPlainText(each));
  if (broken !== undefined) return fail(`${quote(broken)}, which holds NUL or half a character`);
  return { ...at, fields: Object.fromEntries(cells.map(([name, cell]) => [name, String(cell)])) };
}

/** Lines with their numbers from 1. What is longer than a row may be is cut, so that a file without line ends can't fill the memory. */
async function* linesOf(content: AsyncIterable<Uint8Array>): AsyncGenerator<{ line: number; text: string }> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let line = 0;
  for await (const chunk of content) {
    const lines = (rest + decoder.write(Buffer.from(chunk))).split("\n");
    rest = (lines.pop() ?? "").slice(0, maxRowLength + 1);
    for (const text of lines) yield { line: (line += 1), text: line === 1 ? text.replace(/^\uFEFF/, "") : text };
  }
  if (rest !== "") yield { line: line + 1, text: line === 0 ? rest.replace(/^\uFEFF/, "") : rest };
}
