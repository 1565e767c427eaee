import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { loadManifest, verifyFiles } from "./manifest.ts";

const TINY = fileURLToPath(new URL("../../../../tests/golden/tiny", import.meta.url));

async function writeManifest(text: string): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "moodifier-manifest-"));
  onTestFinished(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, "manifest.json"), text);
  return dir;
}

test("the tiny family's manifest is valid and its files are whole", async () => {
  const manifest = await loadManifest(TINY);
  expect(manifest.graphs["denoiser"]?.inputs["self_q"]).toEqual({
    dtype: "int64",
    dims: [manifest.denoiser.layers, "batch"],
  });
  await verifyFiles(TINY, manifest);
  await expect(verifyFiles(TINY, manifest, AbortSignal.abort())).rejects.toThrow(/aborted/);
});

test("verifyFiles finds a file that differs or is missing", async () => {
  const manifest = await loadManifest(TINY);
  const [path] = Object.keys(manifest.files);
  manifest.files[path!]!.sha256 = "0".repeat(64);
  await expect(verifyFiles(TINY, manifest)).rejects.toMatchObject({
    reason: "DIGEST_MISMATCH",
    message: expect.stringContaining(path!),
  });
  manifest.files = { "nowhere.onnx": { sha256: "0".repeat(64), bytes: 1 } };
  await expect(verifyFiles(TINY, manifest)).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
});

test("all faults of a manifest are listed together", async () => {
  const manifest = await loadManifest(TINY);
  const broken = {
    ...manifest,
    schemaVersion: 2,
    latent: { ...manifest.latent, scalingFactor: -1 },
    defaults: { ...manifest.defaults, guidanceScale: 1 },
    files: { "../../etc/passwd": { sha256: "x", bytes: 1 } },
  };
  const error = await loadManifest(await writeManifest(JSON.stringify(broken))).catch((fault: unknown) => fault);
  expect(error).toMatchObject({ reason: "MANIFEST_INVALID" });
  for (const part of ["schemaVersion", "latent.scalingFactor", "defaults.guidanceScale", "etc/passwd"]) {
    expect(String(error)).toContain(part);
  }
});

test("a file without a digest, bad JSON and a missing manifest are refused", async () => {
  const manifest = await loadManifest(TINY);
  delete manifest.files["denoiser.onnx"];
  await expect(loadManifest(await writeManifest(JSON.stringify(manifest)))).rejects.toThrow(
    /graphs\.denoiser\.file \(denoiser\.onnx\)/,
  );
  await expect(loadManifest(await writeManifest("{"))).rejects.toMatchObject({ reason: "MANIFEST_INVALID" });
  await expect(loadManifest(join(TINY, "nowhere"))).rejects.toMatchObject({ reason: "MODEL_NOT_FOUND" });
});
