import { randomUUID } from "node:crypto";
import { type FileHandle, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ContentMeter } from "./object-key.ts";
import type { Content, PutOptions, StoredObject } from "./storage.ts";

/** Content up to this size stays in memory: what one request to S3 carries. */
const memoryBytes = 8 * 1024 * 1024;

/** Content that was read to its end, so that its hash and size are known. */
export interface SpooledContent extends StoredObject, AsyncDisposable {
  readonly source:
    | { readonly kind: "memory"; readonly data: Uint8Array }
    | { readonly kind: "file"; readonly path: string };
}

/** Reads content to its end, in memory or beyond {@link memoryBytes} in a temporary file, which disposal removes. */
export async function spool(content: Content, { maxBytes, signal }: PutOptions = {}): Promise<SpooledContent> {
  const meter = new ContentMeter(maxBytes);
  const held: Uint8Array[] = [];
  let file: { handle: FileHandle; path: string } | undefined;
  try {
    for await (const chunk of meter.measure(content)) {
      signal?.throwIfAborted();
      held.push(chunk);
      if (meter.bytes <= memoryBytes) continue;
      file ??= await openTemporary();
      await file.handle.writeFile(Buffer.concat(held.splice(0)));
    }
    await file?.handle.close();
  } catch (error) {
    await file?.handle.close().catch(() => undefined);
    if (file) await rm(file.path, { force: true });
    throw error;
  }
  const path = file?.path;
  return {
    ...meter.finish(),
    source: path === undefined ? { kind: "memory", data: Buffer.concat(held) } : { kind: "file", path },
    [Symbol.asyncDispose]: async () => {
      if (path !== undefined) await rm(path, { force: true });
    },
  };
}

async function openTemporary(): Promise<{ handle: FileHandle; path: string }> {
  const path = join(tmpdir(), `moodifier-${randomUUID()}`);
  return { handle: await open(path, "wx", 0o600), path };
}
