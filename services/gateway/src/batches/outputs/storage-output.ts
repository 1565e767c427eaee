import type { RenderedFile } from "@moodifier/inference";
import type { Storage } from "../../storage/storage.ts";
import type { RowFile } from "../batch.ts";
import { describeFile, type Output, type WriteOptions } from "./output.ts";

/** Files in the gateway's own storage; the API hands them out. */
export class StorageOutput implements Output {
  readonly #storage: Storage;

  constructor(storage: Storage) {
    this.#storage = storage;
  }

  async write(name: string, file: RenderedFile, { signal }: WriteOptions): Promise<RowFile> {
    const { key } = await this.#storage.put(file.data, { mediaType: file.mediaType, signal });
    return { ...describeFile(name, key, file), key };
  }

  check(): Promise<void> {
    return this.#storage.check();
  }
}
