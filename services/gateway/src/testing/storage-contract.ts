import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectGarbage } from "../storage/collect-garbage.ts";
import { keyOf, readAll } from "../storage/object-key.ts";
import type { Storage } from "../storage/storage.ts";

/** A storage under test, with a way behind its back. */
export interface StorageUnderTest {
  readonly storage: Storage;
  /** Replaces the stored bytes of an object without the storage's knowledge. */
  damage(key: string, bytes: Uint8Array): Promise<void>;
  /** Files or uploads that were begun and not ended. */
  countUnfinished(): Promise<number>;
  stop(): Promise<void>;
}

/** What every adapter must do. */
export function describeStorage(name: string, start: () => Promise<StorageUnderTest>): void {
  describe(`${name} as a storage`, () => {
    let under: StorageUnderTest;
    let storage: Storage;

    beforeAll(async () => {
      under = await start();
      storage = under.storage;
    });
    afterAll(() => under.stop());

    it("keeps bytes under their sha256 and gives them back", async () => {
      const bytes = randomBytes(1000);
      const stored = await storage.put(bytes, { mediaType: "image/png" });
      expect(stored).toEqual({ key: keyOf(bytes), bytes: 1000 });
      expect((await readAll(await storage.get(stored.key))).equals(bytes)).toBe(true);
      expect(await storage.head(stored.key)).toMatchObject(stored);
    });

    it("keeps nothing at all, and a stream that is larger than a part", async () => {
      expect((await storage.put(new Uint8Array())).bytes).toBe(0);
      const parts = Array.from({ length: 20 }, () => randomBytes(1024 * 1024));
      const stored = await storage.put(streamOf(parts));
      expect(stored).toEqual({ key: keyOf(Buffer.concat(parts)), bytes: 20 * 1024 * 1024 });
      expect(keyOf(await readAll(await storage.get(stored.key)))).toBe(stored.key);
    });

    it("stores the same content once and renews its age", async () => {
      const bytes = randomBytes(100);
      const { key } = await storage.put(bytes);
      const first = await storage.head(key);
      // S3 tells whole seconds.
      await sleep(1100);
      await Promise.all([storage.put(bytes), storage.put(bytes), storage.put(streamOf([bytes]))]);
      expect((await storage.head(key))!.modifiedAt).toBeGreaterThan(first!.modifiedAt);
      const keys = await listKeys(storage);
      expect(keys.filter((other) => other === key)).toHaveLength(1);
    });

    it("leaves nothing behind when the content's source fails, is too large or is aborted", async () => {
      const broken = new Error("the client went away");
      const before = await listKeys(storage);
      await expect(storage.put(streamOf([randomBytes(10)], broken))).rejects.toBe(broken);
      await expect(storage.put(randomBytes(101), { maxBytes: 100 })).rejects.toMatchObject({
        reason: "OBJECT_TOO_LARGE",
      });
      const aborted = AbortSignal.abort(broken);
      await expect(storage.put(randomBytes(10), { signal: aborted })).rejects.toBe(broken);
      expect(await listKeys(storage)).toEqual(before);
      expect(await under.countUnfinished()).toBe(0);
    });

    it("tells what it doesn't have", async () => {
      const key = keyOf(Buffer.from("never stored"));
      expect(await storage.head(key)).toBeUndefined();
      await expect(storage.get(key)).rejects.toMatchObject({ code: "NOT_FOUND", reason: "OBJECT_NOT_FOUND" });
      await storage.delete(key);
    });

    it.each(["", "../../etc/passwd", "ab".repeat(31), "AB".repeat(32)])("refuses the key %j", async (key) => {
      await expect(storage.get(key)).rejects.toMatchObject({ reason: "OBJECT_KEY_INVALID" });
      await expect(storage.delete(key)).rejects.toMatchObject({ reason: "OBJECT_KEY_INVALID" });
    });

    it("hands out no damaged content", async () => {
      const { key } = await storage.put(randomBytes(500));
      await under.damage(key, randomBytes(200));
      await expect(readAll(await storage.get(key))).rejects.toMatchObject({
        code: "DATA_LOSS",
        reason: "OBJECT_CORRUPT",
      });
    });

    it("deletes what nobody needs and is old enough", async () => {
      const [needed, unneeded, young] = [randomBytes(10), randomBytes(11), randomBytes(12)];
      await storage.put(needed);
      await storage.put(unneeded);
      await sleep(1100);
      const since = Date.now();
      await sleep(1100);
      await storage.put(young);
      const report = await collectGarbage(storage, {
        referenced: async (keys) => new Set(keys.filter((key) => key === keyOf(needed))),
        graceMs: 0,
        now: () => since,
      });
      expect(report.deleted).toBeGreaterThanOrEqual(1);
      expect((await listKeys(storage)).toSorted()).toEqual([keyOf(needed), keyOf(young)].toSorted());
    });
  });
}

/** Yields the parts, then fails with `failure` when there is one. */
export async function* streamOf(parts: readonly Uint8Array[], failure?: Error): AsyncGenerator<Uint8Array> {
  yield* parts;
  if (failure) throw failure;
}

/** The keys of all objects. */
export async function listKeys(storage: Storage): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of storage.list()) keys.push(key);
  return keys;
}
