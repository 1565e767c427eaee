import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { checkFile, loadManifest, type FileRecord } from "@moodifier/inference/manifest";
import { UsageError } from "../output/failure.ts";
import { SourceError, type ModelSource } from "./model-source.ts";

const ATTEMPTS = 5;
const FIRST_PAUSE_MS = 500;

/** What a pull did. */
export interface PullReport {
  readonly files: number;
  /** Files that were there already, whole. */
  readonly kept: number;
  /** Bytes that came over the network. */
  readonly bytes: number;
}

/** How to pull. */
export interface PullOptions {
  readonly signal: AbortSignal;
  /** SHA-256 that manifest.json must have; names the family exactly. */
  readonly digest?: string | undefined;
  readonly onProgress?: ((path: string, bytes: number) => void) | undefined;
  readonly pauseMs?: number;
}

/**
 * Copies a family to `out`. Files arrive in `out`.part and are resumed there after an interruption; each is compared with the manifest's
 * SHA-256, and the folder gets its name only when all are whole. A family that is there already is replaced then; a folder of anything else is refused.
 * @throws UsageError; SourceError; InferenceError MANIFEST_INVALID or DIGEST_MISMATCH. What has arrived stays for the next try.
 */
export async function pullModel(source: ModelSource, out: string, options: PullOptions): Promise<PullReport> {
  await checkReplaceable(out);
  const part = `${out}.part`;
  await mkdir(part, { recursive: true });
  // The manifest is small and may have changed since the last try: always anew.
  await rm(join(part, "manifest.json"), { force: true });
  let bytes = await fetchFile(source, part, "manifest.json", options);
  await checkManifest(part, options.digest);
  const manifest = await loadManifest(part);
  let kept = 0;
  const files = Object.entries(manifest.files);
  for (const [path, record] of files) {
    if (await isWhole(join(part, path), record)) kept++;
    else bytes += await fetchVerified(source, part, path, record, options);
  }
  await rm(out, { recursive: true, force: true });
  await rename(part, out);
  return { files: files.length, kept, bytes };
}

/** What is replaced is deleted, so that it has to be a family: `--out models` must not cost the families below it. */
async function checkReplaceable(out: string): Promise<void> {
  const refuse = (what: string, cause?: unknown): UsageError =>
    new UsageError(`--out: expected a new or empty folder, or that of a family to replace, got "${out}" with ${what}`, {
      cause,
    });
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw refuse((error as Error).message, error);
  }
  if (names.length === 0) return;
  if (!names.includes("manifest.json")) throw refuse(`${names[0]} and no manifest.json in it`);
  await loadManifest(out).catch((error: Error) => {
    throw refuse(`a manifest.json that is no family's (${error.message})`, error);
  });
}

async function checkManifest(part: string, digest: string | undefined): Promise<void> {
  if (digest === undefined) return;
  const found = createHash("sha256")
    .update(await readFile(join(part, "manifest.json")))
    .digest("hex");
  if (found !== digest.toLowerCase().replace(/^sha256:/, "")) {
    throw new SourceError(`manifest.json: expected sha256 ${digest}, got ${found}`);
  }
}

async function isWhole(path: string, record: FileRecord): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== record.bytes) return false;
  return checkFile(path, record).then(
    () => true,
    () => false,
  );
}

/** A file whose bytes are wrong once complete is fetched a second time from the start: a resumed half may be of an older release. */
async function fetchVerified(
  source: ModelSource,
  part: string,
  path: string,
  record: FileRecord,
  options: PullOptions,
): Promise<number> {
  const target = join(part, path);
  const resumed = (await sizeOf(target)) > 0;
  if ((await sizeOf(target)) >= record.bytes) await rm(target, { force: true });
  let bytes = await fetchFile(source, part, path, options);
  if (resumed && !(await isWhole(target, record))) {
    await rm(target, { force: true });
    bytes += await fetchFile(source, part, path, options);
  }
  try {
    await checkFile(target, record);
  } catch (error) {
    await rm(target, { force: true });
    throw error;
  }
  return bytes;
}

async function fetchFile(source: ModelSource, part: string, path: string, options: PullOptions): Promise<number> {
  const target = join(part, path);
  await mkdir(dirname(target), { recursive: true });
  let bytes = 0;
  for (let attempt = 1, before = -1; ; attempt++) {
    // Only tries that bring nothing count: a long file over a bad line gets there in the end.
    const have = await sizeOf(target);
    if (have > before) attempt = 1;
    before = have;
    try {
      const { body, from } = await source.open(path, have, options.signal);
      const stream = createWriteStream(target, { flags: from > 0 ? "a" : "w" });
      await pipeline(body, count, stream, { signal: options.signal });
      return bytes;
    } catch (error) {
      options.signal.throwIfAborted();
      // A connection that breaks in the middle is no SourceError: what came stays and the rest is asked for.
      const again = !(error instanceof SourceError) || error.retry;
      if (!again || attempt >= ATTEMPTS) throw error;
      await sleep((options.pauseMs ?? FIRST_PAUSE_MS) * 2 ** (attempt - 1), undefined, { signal: options.signal });
    }
  }

  async function* count(chunks: AsyncIterable<Uint8Array>) {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      options.onProgress?.(path, chunk.length);
      yield chunk;
    }
  }
}

async function sizeOf(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.size ?? 0;
}
