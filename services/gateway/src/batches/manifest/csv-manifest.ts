import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { quote, refuse } from "../../http/refuse.ts";
import { type ManifestRow, type ManifestRows, maxRowLength } from "./manifest-row.ts";

const delimiters = [",", ";", "\t", "|"] as const;

interface Parsed {
  readonly record: readonly string[];
  readonly info: { readonly lines: number };
}

/**
 * Reads CSV (RFC 4180, UTF-8, a byte order mark allowed) as a stream. The first line names the columns; the delimiter is the one it uses most of comma, semicolon, tab and bar
 * unless told. A row with another number of cells is a faulty row; a quote that never closes makes the rest unreadable.
 * Errors: MANIFEST_MALFORMED, MANIFEST_EMPTY, COLUMN_REPEATED.
 */
export class CsvManifest implements ManifestRows {
  columns: readonly string[] = [];
  readonly #content: AsyncIterable<Uint8Array>;
  readonly #delimiter: string | undefined;

  constructor(content: AsyncIterable<Uint8Array>, options: { delimiter?: string | undefined } = {}) {
    this.#content = content;
    this.#delimiter = options.delimiter;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ManifestRow> {
    const { head, rest } = await splitFirstLine(this.#content);
    const parser = parse({
      delimiter: this.#delimiter ?? guessDelimiter(head),
      bom: true,
      info: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      max_record_size: maxRowLength,
    });
    const source = Readable.from(rest);
    source.on("error", (error) => parser.destroy(error));
    source.pipe(parser);
    let index = 0;
    try {
      for await (const { record, info } of parser as AsyncIterable<Parsed>) {
        if (this.columns.length === 0) this.columns = checkColumns(record);
        else yield toRow(this.columns, record, { index: index++, line: info.lines });
      }
    } catch (error) {
      throw error instanceof CsvError ? malformed(error) : error;
    } finally {
      source.destroy();
    }
    if (this.columns.length === 0) {
      throw refuse("MANIFEST_EMPTY", {
        argument: "manifest",
        expected: "a line that names the columns",
        got: "nothing",
      });
    }
  }
}

function toRow(
  columns: readonly string[],
  record: readonly string[],
  at: { index: number; line: number },
): ManifestRow {
  const fields = Object.fromEntries(columns.map((name, position) => [name, record[position] ?? ""]));
  if (record.length === columns.length) return { ...at, fields };
  const fault = refuse("ROW_MALFORMED", {
    argument: `line ${at.line}`,
    expected: `${columns.length} cells`,
    got: `${record.length}`,
  });
  return { ...at, fields, fault };
}

function checkColumns(names: readonly string[]): readonly string[] {
  const repeated = names.find((name, position) => names.indexOf(name) !== position);
  if (repeated !== undefined) {
    throw refuse("COLUMN_REPEATED", {
      argument: "manifest",
      expected: "each column once",
      got: `${quote(repeated)} twice`,
    });
  }
  return names;
}

/** The bytes up to the first line's end, and all of them again. */
async function splitFirstLine(content: AsyncIterable<Uint8Array>) {
  const chunks: Uint8Array[] = [];
  const iterator = content[Symbol.asyncIterator]();
  let bytes = 0;
  for (;;) {
    const next = await iterator.next();
    if (next.done) break;
    chunks.push(next.value);
    bytes += next.value.byteLength;
    if (next.value.includes(0x0a) || bytes > maxRowLength) break;
  }
  const head = Buffer.concat(chunks).toString("utf8").split("\n", 1)[0] ?? "";
  async function* rest(): AsyncGenerator<Uint8Array> {
    yield* chunks;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return { head, rest: rest() };
}

function guessDelimiter(head: string): string {
  const bare = head.replace(/"[^"]*"/g, "");
  const count = (delimiter: string): number => bare.split(delimiter).length;
  return delimiters.reduce((best, each) => (count(each) > count(best) ? each : best));
}

function malformed(error: CsvError): Error {
  const got = `a fault: ${error.message.slice(0, 200)}`;
  return refuse("MANIFEST_MALFORMED", { argument: "manifest", expected: "CSV", got }, { cause: error });
}
