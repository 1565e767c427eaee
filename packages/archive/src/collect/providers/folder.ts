import { createHash } from "node:crypto";
import { opendir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { CONTEXTS, EMOTIONS, type ContextName, type EmotionName } from "@moodifier/emotion";
import { ArchiveError } from "../../archive-error.ts";
import type { Licence } from "../../record.ts";
import type { UnitSpec } from "../../store/plan.ts";
import type { Candidate, PlanRequest, Provider } from "../provider.ts";

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
};

/** Where the pictures are and what holds for all of them. */
export interface FolderOptions {
  readonly dir: string;
  /** For pictures whose path names no context. */
  readonly context: ContextName;
  readonly licence: Licence;
  readonly attribution: string;
  /** Bytes that a file may have. */
  readonly maxBytes: number;
}

/**
 * PNG, JPEG and WebP files under a folder, in the order of their names. A folder on the path that is named after an emotion or a context says so of all
 * that is below it, for example `joy/urban/0001.jpg`; pictures in one folder whose names differ only in their last number are one group.
 */
export function createFolderProvider(options: FolderOptions): Provider {
  const root = resolve(options.dir);
  return {
    name: "folder",
    settings: { root, context: options.context, licence: options.licence, attribution: options.attribution },
    concurrency: 8,
    async *plan({ unitSize, signal }: PlanRequest) {
      let paths: string[] = [];
      for await (const path of walk(root)) {
        signal?.throwIfAborted();
        paths.push(relative(root, path));
        if (paths.length < unitSize) continue;
        yield { spec: { paths }, expected: paths.length };
        paths = [];
      }
      if (paths.length > 0) yield { spec: { paths }, expected: paths.length };
    },
    async *list(spec: UnitSpec) {
      for (const path of spec["paths"] as string[]) yield describe(root, path, options);
    },
  };
}

/** Pictures below a folder; one folder's names are held at a time. */
async function* walk(dir: string): AsyncGenerator<string> {
  const names: { name: string; isFolder: boolean }[] = [];
  try {
    for await (const entry of await opendir(dir)) names.push({ name: entry.name, isFolder: entry.isDirectory() });
  } catch (cause) {
    throw new ArchiveError("OPTION_INVALID", `dir: expected a readable folder, got "${dir}"`, { cause });
  }
  names.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, isFolder } of names) {
    const path = join(dir, name);
    if (isFolder) yield* walk(path);
    else if (extname(name).toLowerCase() in MEDIA_TYPES) yield path;
  }
}

function describe(root: string, path: string, options: FolderOptions): Candidate {
  const file = join(root, path);
  const folders = path.split(sep).slice(0, -1);
  const emotion = EMOTIONS.find((name: EmotionName) => folders.includes(name));
  const context = CONTEXTS.find((name) => folders.includes(name)) ?? options.context;
  const series = path.replace(/\d+(?=\.\w+$)/, "");
  return {
    uri: pathToFileURL(file).href,
    licence: options.licence,
    attribution: options.attribution,
    ...(emotion && { emotion }),
    context,
    group: `folder-${createHash("sha256").update(series).digest("hex").slice(0, 16)}`,
    open: async () => {
      const size = (await stat(file).catch(() => undefined))?.size;
      if (size === undefined) throw new ArchiveError("DOWNLOAD_FAILED", "the file is gone");
      if (size > options.maxBytes) {
        throw new ArchiveError("DOWNLOAD_FAILED", `expected at most ${options.maxBytes} bytes, got ${size}`);
      }
      return { bytes: await readFile(file), mediaType: MEDIA_TYPES[extname(file).toLowerCase()]! };
    },
  };
}
