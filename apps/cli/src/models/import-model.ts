import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { once } from "node:events";
import { UnavailableError, UsageError } from "../output/failure.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/**
 * Runs the Python importer in the training environment, which is made at its first use (see scripts/train.mjs).
 * @throws UsageError when the importer refuses; UnavailableError when it fails or this is no checkout.
 */
export async function runImporter(args: readonly string[], signal: AbortSignal): Promise<void> {
  const script = `${root}scripts/train.mjs`;
  if (!existsSync(script))
    throw new UnavailableError("importing needs a checkout of the repository, with scripts/ and training/");
  const child = spawn(process.execPath, [script, "-m", "import_family", ...args], {
    cwd: `${root}training`,
    stdio: "inherit",
    signal,
  });
  const [code] = (await once(child, "close")) as [number | null];
  if (code === 2) throw new UsageError("the importer refused; nothing was written");
  if (code !== 0) throw new UnavailableError(`the importer ended with code ${code}`);
}
