import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { readManifest, verifyFiles } from "@moodifier/inference/manifest";
import type { Command } from "commander";
import { describeModel, formatBytes, listModels, totalBytes } from "../models/describe-model.ts";
import { openHttpSource } from "../models/http-source.ts";
import { runImporter } from "../models/import-model.ts";
import { SourceError, type ModelSource } from "../models/model-source.ts";
import { openOciSource, type RegistryLogin } from "../models/oci-source.ts";
import { pullModel } from "../models/pull.ts";
import { openS3Source } from "../models/s3-source.ts";
import { UnavailableError, UsageError } from "../output/failure.ts";
import { withInterrupt } from "../server/with-server.ts";

const modelsDir = fileURLToPath(new URL("../../../../models", import.meta.url));

/** `moodifier models`. */
export function addModelsCommand(program: Command): void {
  const models = program.command("models").description("import, fetch and check model families");
  models
    .command("list")
    .description("list the families of a folder")
    .argument("[folder]", "folder of families", modelsDir)
    .option("--json", "print one JSON object")
    .action(list);
  models
    .command("info")
    .description("say what a family is")
    .argument("<folder>")
    .option("--json", "print the manifest")
    .action(info);
  models.command("verify").description("compare every file with its digest").argument("<folder>").action(verify);
  models
    .command("pull")
    .description("copy a family from https://, s3:// or oci://, resuming what an earlier try left")
    .argument("<source>", "URL of the folder, s3://BUCKET/PREFIX, or oci://REGISTRY/REPOSITORY:TAG")
    .requiredOption("--out <folder>", "family folder to make")
    .option("--digest <sha256>", "SHA-256 that the family's manifest.json must have")
    .addHelpText(
      "after",
      "\nA registry's login comes from MOODIFIER_REGISTRY_USER and MOODIFIER_REGISTRY_PASSWORD, S3's from the AWS environment.",
    )
    .action(pull);
  models
    .command("import")
    .description("export a Stable-Diffusion-1.5-shaped model and a CLIP as a family")
    .requiredOption("--from <path>", "diffusers folder, or a single-file checkpoint")
    .requiredOption("--clip <folder>", "transformers CLIP folder: CLIP-L/14, Long-CLIP-L or MoodifyCLIP-L")
    .requiredOption("--out <folder>", "family folder to write; its name is the family's id")
    .option("--family <name>", "shape of the model", "sd15")
    .option("--precision <name>", "fp32, fp16 or int8", "fp16")
    .option("--segmenter <folder>", "transformers SAM folder; without one masks are boxes")
    .option("--text-tower <name>", "whose text states condition the denoiser: clip or diffusers", "clip")
    .option("--calibration <folder>", "pictures (and captions as NAME.txt) for int8")
    .option("--licence <id>", "licence of the diffusion weights, when their README does not say")
    .option("--clip-licence <id>", "licence of the CLIP weights")
    .option("--segmenter-licence <id>", "licence of the segmenter's weights")
    .option("--accept-licence", "the licences were read and allow the use")
    .option("--skip-check", "do not compare every graph with PyTorch (halves the memory)")
    .option("--release <version>", "version written into the manifest", "1.0.0")
    .action(importModel);
}

async function list(folder: string, options: { json?: boolean }): Promise<void> {
  const found = await listModels(folder).catch((cause: Error) => {
    throw new UsageError(`FOLDER: expected a folder of families, got "${folder}" (${cause.message})`, { cause });
  });
  if (options.json) {
    const rows = found.map(({ folder: path, manifest, digest, fault }) => ({
      folder: path,
      ...(manifest && {
        id: manifest.id,
        version: manifest.version,
        family: manifest.family,
        licence: manifest.licence,
        bytes: totalBytes(manifest),
        digest,
      }),
      ...(fault && { fault }),
    }));
    process.stdout.write(`${JSON.stringify({ models: rows })}\n`);
    return;
  }
  for (const { folder: path, manifest, fault } of found) {
    const line = manifest
      ? `${manifest.id.padEnd(20)}${manifest.version.padEnd(10)}${manifest.family.padEnd(8)}${formatBytes(totalBytes(manifest)).padStart(10)}  ${manifest.licence}`
      : `${path}: ${fault}`;
    process.stdout.write(`${line}\n`);
  }
}

async function info(folder: string, options: { json?: boolean }): Promise<void> {
  const { manifest, digest } = await asUsage(() => readManifest(folder));
  process.stdout.write(
    options.json ? `${JSON.stringify({ digest, ...manifest })}\n` : `${describeModel(manifest, digest)}\n`,
  );
}

async function verify(folder: string): Promise<void> {
  await withInterrupt(async (signal) => {
    const { manifest, digest } = await asUsage(() => readManifest(folder));
    await verifyFiles(folder, manifest, signal);
    const count = Object.keys(manifest.files).length;
    process.stdout.write(
      `${manifest.id}: ${count} files, ${formatBytes(totalBytes(manifest))}, all whole (sha256:${digest})\n`,
    );
  });
}

async function pull(from: string, options: { out: string; digest?: string }): Promise<void> {
  await withInterrupt(async (signal) => {
    try {
      const source = await openSource(from, signal);
      const report = await pullModel(source, resolve(options.out), {
        signal,
        digest: options.digest,
        onProgress: progress(),
      });
      process.stdout.write(
        `${options.out}: ${report.files} files, ${report.kept} there already, ${formatBytes(report.bytes)} fetched from ${source.name}\n`,
      );
    } catch (error) {
      if (!(error instanceof SourceError)) throw error;
      throw error.retry
        ? new UnavailableError(error.message, { cause: error })
        : new UsageError(error.message, { cause: error });
    }
  });
}

/** A line per file and per 256 MB of it, on standard error. */
function progress(): (path: string, bytes: number) => void {
  let current = "";
  let done = 0;
  let next = 0;
  return (path, bytes) => {
    if (path !== current) [current, done, next] = [path, 0, 0];
    done += bytes;
    if (done < next) return;
    next = done + 256e6;
    process.stderr.write(`${path}: ${formatBytes(done)}\n`);
  };
}

async function openSource(from: string, signal: AbortSignal): Promise<ModelSource> {
  if (from.startsWith("s3://")) return openS3Source(from);
  if (/^oci(\+http)?:/.test(from)) return openOciSource(from, readLogin(), signal);
  if (/^https?:/.test(from)) return openHttpSource(from);
  throw new UsageError(`SOURCE: expected an https://, s3:// or oci:// address, got "${from}"`);
}

function readLogin(): RegistryLogin | undefined {
  const { MOODIFIER_REGISTRY_USER: user, MOODIFIER_REGISTRY_PASSWORD: password } = process.env;
  return user !== undefined && password !== undefined ? { user, password } : undefined;
}

type ImportOptions = Record<string, string | boolean> & { from: string; clip: string; out: string };

const PATHS = new Set(["from", "clip", "out", "segmenter", "calibration"]);

async function importModel(options: ImportOptions): Promise<void> {
  const args = Object.entries(options).flatMap(([name, value]) => {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (typeof value === "boolean") return value ? [flag] : [];
    // The importer runs in another folder.
    return [flag, PATHS.has(name) ? resolve(value) : value];
  });
  await withInterrupt((signal) => runImporter(args, signal));
}

/** A folder that cannot be read is a wrong argument. */
async function asUsage<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new UsageError(`FOLDER: expected the folder of a family: ${(cause as Error).message}`, { cause });
  }
}
