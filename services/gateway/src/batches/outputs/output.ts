import type { RenderedFile } from "@moodifier/inference";
import type { RowFile } from "../batch.ts";

export interface WriteOptions {
  readonly signal: AbortSignal;
  /** An earlier attempt may have died in the middle: what it left is removed. */
  readonly again: boolean;
}

/** Where a batch's files go. */
export interface Output {
  /** Writes a file whole or not at all; the same name and content again changes nothing. */
  write(name: string, file: RenderedFile, options: WriteOptions): Promise<RowFile>;
  /** Throws when the place can't be written to; called before anything runs. */
  check(): Promise<void>;
}

/** What every output says of a file. */
export function describeFile(name: string, sha256: string, file: RenderedFile): RowFile {
  const { data, mediaType, width, height, quality } = file;
  return { name, sha256, bytes: data.length, mediaType, width, height, ...(quality !== undefined && { quality }) };
}
