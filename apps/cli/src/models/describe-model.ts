import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { readManifest, type Manifest } from "@moodifier/inference/manifest";

/** One family in a folder of families. */
export interface ListedModel {
  readonly folder: string;
  /** Undefined when its manifest cannot be read, which `fault` explains. */
  readonly manifest: Manifest | undefined;
  readonly digest: string | undefined;
  readonly fault: string | undefined;
}

/** The families below `folder`: subfolders with a manifest.json. */
export async function listModels(folder: string): Promise<ListedModel[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found: ListedModel[] = [];
  for (const name of entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .toSorted()) {
    const path = join(folder, name);
    if (!(await stat(join(path, "manifest.json")).catch(() => undefined))) continue;
    try {
      found.push({ folder: path, fault: undefined, ...(await readManifest(path)) });
    } catch (error) {
      found.push({ folder: path, manifest: undefined, digest: undefined, fault: (error as Error).message });
    }
  }
  return found;
}

/** Bytes of all files of a family. */
export function totalBytes(manifest: Manifest): number {
  return Object.values(manifest.files).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** What the family is, in lines. */
export function describeModel(manifest: Manifest, digest: string): string {
  const { image, text, noiseSchedule, defaults, planner, graphs } = manifest;
  const lines = [
    `${manifest.id} ${manifest.version} (family ${manifest.family})`,
    `  licence     ${manifest.licence}`,
    `  digest      sha256:${digest}`,
    `  pictures    ${image.size} px, multiples of ${image.multiple}`,
    `  texts       ${text.maxLength} tokens of width ${text.width}`,
    `  schedule    ${noiseSchedule.kind}, ${noiseSchedule.prediction}, ${noiseSchedule.originalSteps} grid steps`,
    `  defaults    ${defaults.steps} steps, guidance ${defaults.guidanceScale}`,
    `  planner     ${planner?.layers ? "own" : "a chat server (MOODIFIER_CHAT=openai)"}`,
    `  masks       ${image.segmenter ? "segmenter" : "boxes"}`,
    "  graphs",
  ];
  for (const [role, graph] of Object.entries(graphs)) {
    const variants = Object.keys(graph.variants ?? {});
    const size = sizeOf(manifest, [graph.file, ...(graph.data ?? [])]);
    lines.push(
      `    ${role.padEnd(18)}${size.padStart(9)}  stored ${graph.storage}${variants.length > 0 ? `, also ${variants.join(", ")}` : ""}`,
    );
  }
  return lines.join("\n");
}

function sizeOf(manifest: Manifest, files: readonly string[]): string {
  return formatBytes(files.reduce((sum, file) => sum + (manifest.files[file]?.bytes ?? 0), 0));
}

/** Bytes for people: 1.7 GB. */
export function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
