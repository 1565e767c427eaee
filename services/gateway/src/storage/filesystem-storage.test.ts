import type { FileHandle } from "node:fs/promises";
import * as files from "node:fs/promises";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { describeStorage, listKeys, streamOf } from "../testing/storage-contract.ts";
import { FilesystemStorage } from "./filesystem-storage.ts";

// The file system is real; the tests below make single calls of it fail as a full or broken disk does.
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof files>();
  return { ...real, open: vi.fn(real.open) };
});
const open = vi.mocked(files.open);

const makeFolder = (): Promise<string> => mkdtemp(join(tmpdir(), "moodifier-storage-"));

describeStorage("a folder", async () => {
  const root = await makeFolder();
  return {
    storage: await FilesystemStorage.open(root),
    damage: (key, bytes) => writeFile(join(root, "objects", key.slice(0, 2), key.slice(2)), bytes),
    countUnfinished: async () => (await readdir(join(root, "partial"))).length,
    stop: () => rm(root, { recursive: true }),
  };
});

describe("a folder that fails", () => {
  let root: string;
  let storage: FilesystemStorage;

  beforeEach(async () => {
    root = await makeFolder();
    storage = await FilesystemStorage.open(root);
  });
  afterEach(async () => {
    open.mockRestore();
    await rm(root, { recursive: true });
  });

  /** Lets files take `bytes` more bytes, then fails as the named error of the operating system. */
  async function failAfter(bytes: number, code: string, call: "write" | "sync"): Promise<void> {
    const real = (await vi.importActual<typeof files>("node:fs/promises")).open;
    open.mockImplementation(async (...args) => {
      const handle: FileHandle = await real(...args);
      const { write } = handle;
      const failure = Object.assign(new Error(`${code}: ${call}`), { code, syscall: call });
      let room = call === "write" ? bytes : Number.POSITIVE_INFINITY;
      handle.write = (async (data: Uint8Array, at = 0) => {
        const piece = data.subarray(at, at + room);
        if (piece.byteLength === 0 && data.byteLength > at) throw failure;
        room -= piece.byteLength;
        return (write as (data: Uint8Array) => Promise<unknown>).call(handle, piece);
      }) as typeof handle.write;
      if (call === "sync") handle.sync = () => Promise.reject(failure);
      return handle;
    });
  }

  it.each([
    ["ENOSPC", "write", "STORAGE_FULL"],
    ["EDQUOT", "write", "STORAGE_FULL"],
    ["ENOSPC", "sync", "STORAGE_FULL"],
    ["EIO", "sync", "STORAGE_UNAVAILABLE"],
  ] as const)("tells of %s at %s and keeps no part of the object", async (code, call, reason) => {
    await failAfter(100, code, call);
    await expect(storage.put(new Uint8Array(250))).rejects.toMatchObject({ code: "UNAVAILABLE", reason });
    expect(await listKeys(storage)).toEqual([]);
    expect(await readdir(join(root, "partial"))).toEqual([]);
    open.mockRestore();
    expect((await storage.put(new Uint8Array(250))).bytes).toBe(250);
  });

  it("passes a fault of the content's source on, whatever it looks like", async () => {
    const reset = Object.assign(new Error("read ECONNRESET"), { code: "ECONNRESET", syscall: "read" });
    await expect(storage.put(streamOf([new Uint8Array(3)], reset))).rejects.toBe(reset);
  });

  it("says when its folder can't be made", async () => {
    await writeFile(join(root, "file"), "");
    await expect(FilesystemStorage.open(join(root, "file"))).rejects.toMatchObject({ reason: "STORAGE_UNAVAILABLE" });
  });

  it("removes what a process left unfinished a day ago, at its start", async () => {
    await mkdir(join(root, "partial"), { recursive: true });
    const [old, young] = [join(root, "partial", "old"), join(root, "partial", "young")];
    await writeFile(old, "x");
    await writeFile(young, "x");
    await utimes(old, 1, 1);
    await FilesystemStorage.open(root);
    expect(await readdir(join(root, "partial"))).toEqual(["young"]);
  });
});
