import { randomUUID } from "node:crypto";
import { access, constants, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import type { RenderedFile } from "@moodifier/inference";
import { quote, refuse } from "../../http/refuse.ts";
import { keyOf, storageFull, storageUnavailable } from "../../storage/object-key.ts";
import type { RowFile } from "../batch.ts";
import { describeFile, type Output, type WriteOptions } from "./output.ts";

/** Files in a folder of the gateway's machine, below the one folder that the operator has opened. */
export class FolderOutput implements Output {
  readonly #folder: string;

  /** `root`: the opened folder; `path`: a relative path below it. Throws FOLDER_FORBIDDEN when it leads out. */
  constructor(root: string, path: string) {
    const base = resolve(root);
    this.#folder = resolve(base, path);
    if (this.#folder !== base && !this.#folder.startsWith(base + sep)) {
      throw refuse("FOLDER_FORBIDDEN", {
        argument: "options.output.to",
        expected: "a path below the output folder",
        got: quote(path),
      });
    }
  }

  async write(name: string, file: RenderedFile, { signal, again }: WriteOptions): Promise<RowFile> {
    const path = join(this.#folder, ...name.split("/"));
    // Each attempt writes a file of its own: one that lost its lease may still be at work beside us.
    const mark = `.${keyOf(Buffer.from(name)).slice(0, 16)}.`;
    const partial = join(dirname(path), `${mark}${randomUUID()}.part`);
    try {
      await mkdir(dirname(path), { recursive: true });
      if (again) await removeMarked(dirname(path), mark);
      await writeFile(partial, file.data, { signal, flush: true });
      await rename(partial, path);
    } catch (error) {
      await rm(partial, { force: true }).catch(() => undefined);
      if (signal.aborted) throw signal.reason;
      throw explain(error);
    }
    return { ...describeFile(name, keyOf(file.data), file), url: pathToFileURL(path).href };
  }

  async check(): Promise<void> {
    try {
      await mkdir(this.#folder, { recursive: true });
      await access(this.#folder, constants.W_OK);
    } catch (error) {
      throw explain(error);
    }
  }
}

async function removeMarked(folder: string, mark: string): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith(mark)) await rm(join(folder, name), { force: true });
}

function explain(error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unknown";
  if (code === "ENOSPC" || code === "EDQUOT") return storageFull(error);
  return storageUnavailable(`folder of the outputs can't be written (${code})`, error);
}
