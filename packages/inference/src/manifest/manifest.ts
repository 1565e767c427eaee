import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { InferenceError } from "../inference-error.ts";
import { checkBytes, checkFile } from "./file-digest.ts";
import { manifestSchema, type Manifest } from "./manifest-schema.ts";

const MANIFEST_FILE = "manifest.json";

/** Reads and checks `dir/manifest.json`. Throws InferenceError MODEL_NOT_FOUND or MANIFEST_INVALID, all faults in one message. */
export async function loadManifest(dir: string): Promise<Manifest> {
  return (await readManifest(dir)).manifest;
}

/** The manifest with the SHA-256 of its bytes, which names the model exactly because the manifest names every file's digest. */
export async function readManifest(dir: string): Promise<{ manifest: Manifest; digest: string }> {
  const path = join(dir, MANIFEST_FILE);
  const bytes = await readModelFile(path);
  let json: unknown;
  try {
    json = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new InferenceError("MANIFEST_INVALID", `${path} is not valid JSON`, { cause });
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    throw new InferenceError(
      "MANIFEST_INVALID",
      `${path} breaks the manifest schema:\n${z.prettifyError(parsed.error)}`,
    );
  }
  checkReferences(path, parsed.data);
  return { manifest: parsed.data, digest: createHash("sha256").update(bytes).digest("hex") };
}

/**
 * Compares every file of the manifest with its size and SHA-256.
 * Throws InferenceError MODEL_NOT_FOUND or DIGEST_MISMATCH at the first that differs.
 */
export async function verifyFiles(dir: string, manifest: Manifest, signal?: AbortSignal): Promise<void> {
  for (const [path, record] of Object.entries(manifest.files)) {
    signal?.throwIfAborted();
    await checkFile(join(dir, path), record);
  }
}

/** Reads one file of the model and checks its digest. For small files; graphs are checked in the worker. */
export async function readVerified(dir: string, manifest: Manifest, path: string): Promise<Buffer> {
  const record = manifest.files[path];
  if (!record) {
    throw new InferenceError("MANIFEST_INVALID", `the manifest has no digest of ${path}`);
  }
  const bytes = await readModelFile(join(dir, path));
  checkBytes(path, record, bytes);
  return bytes;
}

async function readModelFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new InferenceError("MODEL_NOT_FOUND", `cannot read ${path}`, { cause });
  }
}

function checkReferences(path: string, manifest: Manifest): void {
  const named = [
    ...Object.entries(manifest.graphs).flatMap(([role, graph]) => {
      const parts = [[`graphs.${role}`, graph] as const];
      for (const [name, variant] of Object.entries(graph.variants ?? {})) {
        parts.push([`graphs.${role}.variants.${name}`, { ...graph, ...variant }]);
      }
      return parts.flatMap(([key, { file, data = [] }]) => [
        [`${key}.file`, file] as const,
        ...data.map((each) => [`${key}.data`, each] as const),
      ]);
    }),
    ...Object.entries(manifest.tokenizers).flatMap(([name, entry]) =>
      entry
        ? [[`tokenizers.${name}.vocab`, entry.vocab] as const, [`tokenizers.${name}.merges`, entry.merges] as const]
        : [],
    ),
  ];
  const missing = named.filter(([, file]) => !Object.hasOwn(manifest.files, file));
  if (missing.length > 0) {
    const list = missing.map(([key, file]) => `${key} (${file})`).join(", ");
    throw new InferenceError("MANIFEST_INVALID", `${path}: without a digest in "files": ${list}`);
  }
}
