import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RenderedFile } from "@moodifier/inference";
import { afterEach, beforeEach, expect, it } from "vitest";
import { keyOf } from "../../storage/object-key.ts";
import { FolderOutput } from "./folder-output.ts";

const { signal } = new AbortController();
let root: string;
let output: FolderOutput;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "moodifier-output-"));
  output = new FolderOutput(root, "made");
});
afterEach(() => rm(root, { recursive: true }));

const fileOf = (text: string): RenderedFile => ({
  data: Buffer.from(text),
  mediaType: "image/png",
  width: 1,
  height: 1,
});
const partialOf = (name: string): string =>
  join(root, "made/deep", `.${keyOf(Buffer.from(name)).slice(0, 16)}.dead.part`);

it("writes whole files in their place, over what is there", async () => {
  const options = { signal, again: false };
  await output.write("deep/a.png", fileOf("first"), options);
  const written = await output.write("deep/a.png", fileOf("second"), options);
  expect(written).toMatchObject({ name: "deep/a.png", bytes: 6, sha256: keyOf(Buffer.from("second")) });
  expect(await readdir(join(root, "made/deep"))).toEqual(["a.png"]);
  expect(await readFile(new URL(written.url!), "utf8")).toBe("second");
});

it("removes what attempts at the same file left that died, and nothing else", async () => {
  await mkdir(join(root, "made/deep"), { recursive: true });
  await writeFile(partialOf("deep/a.png"), "ha");
  await writeFile(partialOf("deep/b.png"), "ha");
  await output.write("deep/a.png", fileOf("whole"), { signal, again: true });
  expect((await readdir(join(root, "made/deep"))).length).toBe(2);
  await output.write("deep/b.png", fileOf("whole"), { signal, again: true });
  expect((await readdir(join(root, "made/deep"))).toSorted()).toEqual(["a.png", "b.png"]);
});

it("leaves nothing behind when it is aborted or can't write", async () => {
  const aborted = AbortSignal.abort(new Error("enough"));
  await expect(output.write("a.png", fileOf("x"), { signal: aborted, again: false })).rejects.toThrow("enough");
  expect(await readdir(join(root, "made"))).toEqual([]);
  await writeFile(join(root, "made/file"), "");
  await expect(output.write("file/a.png", fileOf("x"), { signal, again: false })).rejects.toMatchObject({
    reason: "STORAGE_UNAVAILABLE",
  });
  expect(await readdir(join(root, "made"))).toEqual(["file"]);
});

it("stays below its folder", () => {
  expect(() => new FolderOutput(root, "../elsewhere")).toThrow(/below the output folder/);
});
