import { type RenderedFile, renderRendition } from "@moodifier/inference";
import { MoodError } from "@moodifier/service-kit";
import type { Job } from "../jobs/job.ts";
import { roomFor } from "../finishing/finish-result.ts";
import type { Signer } from "../signing/signer.ts";
import { checkReference } from "../sources/reference.ts";
import type { SourceReader } from "../sources/source-reader.ts";
import { readAll } from "../storage/object-key.ts";
import type { Storage } from "../storage/storage.ts";
import type { RowClaim, RowFile, RowOutcome } from "./batch.ts";
import type { Rendition } from "./batch-options.ts";
import type { Output } from "./outputs/output.ts";
import type { RowEdits } from "./row-edits.ts";

export interface RowWorkParts {
  readonly edits: RowEdits;
  readonly sources: SourceReader;
  readonly storage: Storage;
  readonly signer: Signer;
  readonly openOutput: (to: string | undefined, tenantId: string) => Output;
}

/** Notes the job of the row: taken when the row belongs to another by now, cancelled when nobody wants the job any more. */
export type NoteJob = (jobId: string) => Promise<"held" | "taken" | "cancelled">;

/**
 * Runs a row: reads its pictures, has them edited, renders and writes its files. An attempt that finds the edit of an earlier one goes on from there.
 * Rejects with what went wrong, or soon after the signal aborts.
 */
export async function runRow(
  claim: RowClaim,
  parts: RowWorkParts,
  { noteJob, signal }: { noteJob: NoteJob; signal: AbortSignal },
): Promise<RowOutcome> {
  const output = parts.openOutput(claim.options.output.to, claim.tenantId);
  const job = (await parts.edits.find(claim)) ?? (await submit(claim, parts, signal));
  const noted = job.id === claim.row.jobId ? "held" : await noteJob(job.id);
  if (noted === "cancelled") await parts.edits.cancel(job.id);
  if (noted !== "held") throw leaseLost();
  const ended = await parts.edits.wait(job, signal);
  const result = await readAll(await parts.storage.get(ended.result.key, { signal }));
  const again = claim.row.attempt > 1 || claim.generation > 0;
  const files: RowFile[] = [];
  for (const [index, rendition] of claim.options.output.renditions.entries()) {
    signal.throwIfAborted();
    const file = await render(result, rendition, { signer: parts.signer, signal });
    files.push(await output.write(nameAt(claim, index), file, { signal, again }));
  }
  return describe(ended, files);
}

/** The error of an attempt whose row was cancelled or given to another. */
export function leaseLost(): MoodError {
  return new MoodError("ABORTED", "LEASE_LOST", "The row was cancelled or belongs to another runner.");
}

async function submit(claim: RowClaim, { edits, sources }: RowWorkParts, signal: AbortSignal): Promise<Job> {
  const { row, tenantId, options } = claim;
  const read = (argument: string, text: string): Promise<Buffer> =>
    sources.read(checkReference(argument, text, options.input_prefix), { tenantId, signal });
  const image = await read("image", row.plan.image);
  const mask = row.plan.mask === undefined ? undefined : await read("mask", row.plan.mask);
  return edits.submit(claim, { image, ...(mask && { mask }) }, signal);
}

/** A rendition, signed; the result itself is signed already. */
async function render(
  result: Buffer,
  { format, width, height, fit, quality, max_bytes: most, icc, background }: Rendition,
  { signer, signal }: { signer: Signer; signal: AbortSignal },
): Promise<RenderedFile> {
  const maxBytes = roomFor(most, signer);
  const options = { format, width, height, fit, quality, maxBytes, icc, background };
  const file = await renderRendition(result, options, { signal });
  return file.data.equals(result) ? file : { ...file, data: await signer.sign(file, signal) };
}

function nameAt(claim: RowClaim, index: number): string {
  const name = claim.row.plan.names[index];
  if (name === undefined) throw new TypeError(`row ${claim.row.index} has no name for file ${index}`);
  return name;
}

function describe(job: Job, files: readonly RowFile[]): RowOutcome {
  return {
    files,
    seed: String(job.settings.seed),
    ...(job.outsideMask && { outsideMask: job.outsideMask }),
    ...(job.recipe && { recipe: job.recipe }),
    ...(job.scores && { scores: job.scores }),
    warnings: job.warnings,
  };
}
