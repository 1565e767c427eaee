import { createHash } from "node:crypto";
import { MoodError } from "@moodifier/service-kit";
import { editFieldsSchema } from "../edits/edit-fields.ts";
import { toSettings } from "../edits/edit-request.ts";
import { readSourcePicture } from "../edits/source-picture.ts";
import { storeInput } from "../edits/stored-pictures.ts";
import { checkFields } from "../http/checked-fields.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import type { Job, StoredPicture } from "../jobs/job.ts";
import type { JobStore } from "../jobs/job-store.ts";
import { workOf } from "../jobs/submit-jobs.ts";
import { waitForJob } from "../jobs/wait-for-job.ts";
import type { Storage } from "../storage/storage.ts";
import type { RowClaim } from "./batch.ts";

/** The pictures of a row. */
export interface RowPictures {
  readonly image: Buffer;
  readonly mask?: Buffer;
}

/** What the edits of rows stand on. */
export interface RowEditParts {
  readonly jobs: JobStore;
  readonly storage: Storage;
  readonly rates: RateLimits;
}

/** The edits behind the rows: jobs of the lane `batch`. */
export class RowEdits {
  readonly #jobs: JobStore;
  readonly #storage: Storage;
  readonly #rates: RateLimits;

  constructor({ jobs, storage, rates }: RowEditParts) {
    this.#jobs = jobs;
    this.#storage = storage;
    this.#rates = rates;
  }

  /**
   * Checks the row's pictures, stores them, counts their work and queues the edit. A second call for the same generation of the row finds the first one's job. Errors: those of the pictures, RATE_LIMITED
   * while the tenant has used up what it may ask for.
   */
  async submit(claim: RowClaim, { image, mask }: RowPictures, signal: AbortSignal): Promise<Job> {
    const { row, tenantId, options, generation, traceparent } = claim;
    const files = { image: { data: image, mediaType: "" }, ...(mask && { mask: { data: mask, mediaType: "" } }) };
    const settings = toSettings(checkFields(editFieldsSchema, { fields: row.plan.edit, files: {}, textual: true }));
    const picture = await readSourcePicture({ fields: {}, files, textual: true }, signal);
    const idempotency = {
      key: `batch/${row.batchId}/${row.index}/${generation}`,
      // Not the picture: when it has changed since an attempt that died, that attempt's edit is still the row's.
      fingerprint: createHash("sha256").update(JSON.stringify(row.plan.edit)).digest("hex"),
    };
    const earlier = await this.#jobs.findRepeated(tenantId, idempotency);
    if (earlier) return earlier;
    const stored = await storeInput(this.#storage, { settings, ...picture }, signal);
    await this.#rates.charge(tenantId, { requests: 0, megapixelSteps: workOf(stored) });
    const { plan_id: planId } = options;
    const { job } = await this.#jobs.submit({
      tenantId,
      input: { ...stored, ...(planId !== undefined && { planId }) },
      warnings: picture.warnings,
      lane: "batch",
      batchId: row.batchId,
      rowIndex: row.index,
      ...(traceparent !== undefined && { traceparent }),
      externalId: row.plan.externalId,
      idempotency,
    });
    return job;
  }

  /** The job of an earlier attempt at the row; undefined when it is forgotten. */
  find(claim: RowClaim): Promise<Job | undefined> {
    const { row, tenantId } = claim;
    return row.jobId === undefined ? Promise.resolve(undefined) : this.#jobs.get(tenantId, row.jobId);
  }

  /** Resolves with the succeeded job. Throws the job's problem when it ended otherwise, the signal's reason when that aborts first. */
  async wait(job: Job, signal: AbortSignal): Promise<Job & { readonly result: StoredPicture }> {
    const ended = await waitForJob(this.#jobs, job, signal);
    signal.throwIfAborted();
    if (ended.status === "succeeded" && ended.result) return { ...ended, result: ended.result };
    const { problem } = ended;
    if (!problem) throw new MoodError("ABORTED", "EDIT_ENDED", `The edit ${job.id} ended as ${ended.status}.`);
    throw new RowEditError(problem);
  }

  /** Ends the job of a row. */
  async cancel(jobId: string): Promise<void> {
    await this.#jobs.end(jobId, "cancelled");
  }
}

/** A row's edit ended with a problem, after all tries that its kind gets: the row takes the problem over as it is. */
export class RowEditError extends Error {
  override readonly name = "RowEditError";
  readonly problem: NonNullable<Job["problem"]>;

  constructor(problem: NonNullable<Job["problem"]>) {
    super(problem.detail);
    this.problem = problem;
  }
}
