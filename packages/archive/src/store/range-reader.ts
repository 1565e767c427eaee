import { open, type FileHandle } from "node:fs/promises";
import { ArchiveError } from "../archive-error.ts";
import type { Archive, UnitStage } from "./archive-folder.ts";

/** A stretch of a file of a unit. */
export interface Range {
  readonly unit: number;
  readonly offset: number;
  readonly bytes: number;
}

/** Reads stretches of the units' files of one kind and keeps the files open between reads. */
export class RangeReader {
  readonly #archive: Archive;
  readonly #stage: UnitStage;
  readonly #extension: "pack" | "jsonl";
  readonly #most: number;
  readonly #open = new Map<number, Promise<FileHandle>>();

  /** @param most files that stay open after `trim`. */
  constructor(archive: Archive, stage: UnitStage, extension: "pack" | "jsonl", most = 32) {
    this.#archive = archive;
    this.#stage = stage;
    this.#extension = extension;
    this.#most = most;
  }

  /** Throws ArchiveError UNIT_CORRUPT when the file ends before the stretch does. */
  async read({ unit, offset, bytes }: Range): Promise<Buffer> {
    const handle = await this.#handle(unit);
    const buffer = Buffer.allocUnsafeSlow(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, offset);
    if (bytesRead === bytes) return buffer;
    const path = this.#archive.unitPath(this.#stage, unit, this.#extension);
    throw new ArchiveError("UNIT_CORRUPT", `${path}: expected ${bytes} bytes at ${offset}, got ${bytesRead}`);
  }

  /** Closes the files that were used longest ago; call it when no read is under way. */
  async trim(most = this.#most): Promise<void> {
    while (this.#open.size > most) {
      const [unit, handle] = this.#open.entries().next().value!;
      this.#open.delete(unit);
      await (await handle).close();
    }
  }

  close(): Promise<void> {
    return this.trim(0);
  }

  #handle(unit: number): Promise<FileHandle> {
    const found = this.#open.get(unit) ?? open(this.#archive.unitPath(this.#stage, unit, this.#extension), "r");
    // Most recently used last.
    this.#open.delete(unit);
    this.#open.set(unit, found);
    return found;
  }
}

/** The pictures of an archive. */
export function openPacks(archive: Archive, most?: number): RangeReader {
  return new RangeReader(archive, "collect", "pack", most);
}
