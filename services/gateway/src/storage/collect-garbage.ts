import type { ObjectInfo, Storage } from "./storage.ts";

export interface GarbageOptions {
  /** The keys among those given that somebody still needs. */
  readonly referenced: (keys: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Younger objects are spared: their reference may not be written yet. In milliseconds. */
  readonly graceMs: number;
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** What a collection did. */
export interface GarbageReport {
  readonly seen: number;
  readonly deleted: number;
  readonly deletedBytes: number;
}

const batchSize = 500;

/** Deletes objects that nobody references and that are older than the grace. May run beside writers and beside another collection. */
export async function collectGarbage(storage: Storage, options: GarbageOptions): Promise<GarbageReport> {
  const { graceMs, signal, now = Date.now } = options;
  const report = { seen: 0, deleted: 0, deletedBytes: 0 };
  let batch: ObjectInfo[] = [];
  const sweep = async (): Promise<void> => {
    const old = batch;
    batch = [];
    if (old.length === 0) return;
    const needed = await options.referenced(old.map(({ key }) => key));
    for (const { key, bytes } of old) {
      signal?.throwIfAborted();
      // Stored again since it was listed: a new reference is on its way.
      if (needed.has(key) || !(await isOld(key))) continue;
      await storage.delete(key);
      report.deleted += 1;
      report.deletedBytes += bytes;
    }
  };
  const isOld = async (key: string): Promise<boolean> => {
    const info = await storage.head(key);
    return info !== undefined && now() - info.modifiedAt > graceMs;
  };
  for await (const object of storage.list(signal ? { signal } : {})) {
    report.seen += 1;
    if (now() - object.modifiedAt > graceMs) batch.push(object);
    if (batch.length >= batchSize) await sweep();
  }
  await sweep();
  return report;
}
