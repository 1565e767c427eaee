import { quote, refuse } from "../../http/refuse.ts";
import { type BatchOptions, rowFields } from "../batch-options.ts";
import type { ManifestRow } from "./manifest-row.ts";

/** A row's fields by our names; empty cells count as missing and take the default. */
export function mapColumns(row: ManifestRow, options: BatchOptions): Record<string, string> {
  const values: Record<string, string> = {};
  for (const field of rowFields) {
    const cell = row.fields[options.columns[field] ?? field];
    const value = cell === undefined || cell === "" ? options.defaults[field] : cell;
    if (value !== undefined) values[field] = String(value);
  }
  return values;
}

/** Throws COLUMN_MISSING when the options name a column that the manifest lacks. */
export function checkMapping(columns: readonly string[], options: BatchOptions): void {
  for (const [field, column] of Object.entries(options.columns)) {
    if (column === undefined || columns.includes(column)) continue;
    const expected = `a column of the manifest: ${columns.join(", ").slice(0, 200)}`;
    throw refuse("COLUMN_MISSING", { argument: `options.columns.${field}`, expected, got: quote(column) });
  }
}

/** Columns that no field is read from; a misspelt one would be among them. */
export function ignoredColumns(columns: readonly string[], options: BatchOptions): string[] {
  const read = new Set(rowFields.map((field) => options.columns[field] ?? field));
  return columns.filter((column) => !read.has(column));
}
