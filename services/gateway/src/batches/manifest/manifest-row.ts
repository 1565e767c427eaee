import type { MoodError } from "@moodifier/service-kit";

/** One row of a manifest as it was written. */
export interface ManifestRow {
  /** Position among the rows, from 0. */
  readonly index: number;
  /** Line of the file, from 1. */
  readonly line: number;
  /** Column name to text; empty for a row that can't be read. */
  readonly fields: Readonly<Record<string, string>>;
  /** Why the row can't be read; the rows after it still can. */
  readonly fault?: MoodError;
}

/** A manifest that is read once, row by row. */
export interface ManifestRows extends AsyncIterable<ManifestRow> {
  /** Names of the columns in order; complete once all rows have been read. */
  readonly columns: readonly string[];
}

/** Largest row in characters. */
export const maxRowLength = 64 * 1024;
