import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { NSFW_MODEL, openNsfwClassifier } from "./open-nsfw.ts";

// What it scores is compared with the Python package in tests/archive, which fetches the model.
it("opens no other file than the pinned one", async () => {
  const dir = await mkdtemp(join(tmpdir(), "nsfw-"));
  try {
    const file = join(dir, "open_nsfw.onnx");
    await expect(openNsfwClassifier({ file, threads: 1 })).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
    await writeFile(file, Buffer.alloc(NSFW_MODEL.bytes));
    await expect(openNsfwClassifier({ file, threads: 1 })).rejects.toMatchObject({ reason: "DIGEST_MISMATCH" });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
});
