import { stringify } from "csv-stringify";
import { Readable } from "node:stream";
import type { Batch, BatchRow } from "./batch.ts";
import type { BatchStore } from "./batch-store.ts";
import { fileUrl } from "./batch-view.ts";

/** What the result manifest adds to the columns of the input. */
export const resultColumns = [
  "status",
  "url",
  "sha256",
  "seed",
  "emotion_before",
  "emotion_after",
  "outside_mask_max_abs_diff",
  "outside_mask_changed_px",
  "error",
  "error_detail",
] as const;

const pageRows = 500;

/**
 * The manifest with what became of each row, in the manifest's order. Several files of a row share its cells, with a space between. A column of the input that is called
 * like one of ours moves out of its way as `input_…`.
 */
export function resultManifest(
  store: BatchStore,
  batch: Batch,
  { format, base }: { format: "csv" | "jsonl"; base: string },
): Readable {
  if (format === "jsonl") return Readable.from(jsonLines(store, batch, base));
  const columns = [...batch.columns.map(inputColumn), ...resultColumns];
  // Spreadsheets run cells that begin like formulas.
  const csv = stringify({ header: true, columns, escape_formulas: true });
  const rows = Readable.from(records(store, batch, base));
  rows.on("error", (error) => csv.destroy(error));
  return rows.pipe(csv);
}

async function* jsonLines(store: BatchStore, batch: Batch, base: string): AsyncGenerator<string> {
  for await (const record of records(store, batch, base)) yield `${JSON.stringify(record)}\n`;
}

async function* records(store: BatchStore, batch: Batch, base: string): AsyncGenerator<Record<string, string>> {
  let after = -1;
  for (;;) {
    const { items, next } = await store.rows(batch, { limit: pageRows, after });
    for (const row of items) yield describe(row, base);
    if (next === undefined) return;
    after = Number(next);
  }
}

function describe(row: BatchRow, base: string): Record<string, string> {
  const { plan, outcome, problem, status } = row;
  const files = outcome?.files ?? [];
  return {
    ...Object.fromEntries(Object.entries(plan.input).map(([column, cell]) => [inputColumn(column), cell])),
    status,
    url: files.map((file, index) => fileUrl(row, file, { index, base })).join(" "),
    sha256: files.map(({ sha256 }) => sha256).join(" "),
    seed: outcome?.seed ?? "",
    emotion_before: String(outcome?.scores?.emotion_before ?? ""),
    emotion_after: String(outcome?.scores?.emotion_after ?? ""),
    outside_mask_max_abs_diff: String(outcome?.outsideMask?.max_abs_diff ?? ""),
    outside_mask_changed_px: String(outcome?.outsideMask?.changed_px ?? ""),
    error: problem?.reason ?? "",
    error_detail: problem?.detail ?? "",
  };
}

function inputColumn(column: string): string {
  return (resultColumns as readonly string[]).includes(column) ? `input_${column}` : column;
}
