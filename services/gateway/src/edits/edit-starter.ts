import { activeTrace, traceparentOf } from "@moodifier/service-kit";
import type { Request, Response } from "express";
import { readIdempotencyKey } from "../http/idempotency-key.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import type { JobStore, Submitted } from "../jobs/job-store.ts";
import { workOf } from "../jobs/submit-jobs.ts";
import type { Storage } from "../storage/storage.ts";
import type { EditRequest } from "./edit-request.ts";
import { storeInput } from "./stored-pictures.ts";

/** What starting an edit stands on. */
export interface StarterParts {
  readonly store: JobStore;
  readonly storage: Storage;
  readonly rates: RateLimits;
}

/** Turns checked requests into jobs: counts them, stores their pictures, queues them. */
export class EditStarter {
  readonly #parts: StarterParts;

  constructor(parts: StarterParts) {
    this.#parts = parts;
  }

  /** Starts the edit of `tenantId`, or finds the one that the same Idempotency-Key started, which costs nothing. `part`: which of the edits of one request. */
  async start(
    { input, planId, treatment }: EditRequest,
    {
      tenantId,
      request,
      response,
      signal,
      part,
    }: { tenantId: string; request: Request; response: Response; signal: AbortSignal; part?: number },
  ): Promise<Submitted> {
    const { store, storage, rates } = this.#parts;
    const stored = { ...(await storeInput(storage, input, signal)), ...(planId !== undefined && { planId }) };
    const idempotency = readIdempotencyKey(request.headers["idempotency-key"], { ...stored, ...treatment }, part);
    const earlier = idempotency && (await store.findRepeated(tenantId, idempotency));
    if (earlier) return { job: earlier, replayed: true };
    await rates.charge(tenantId, { requests: 1, megapixelSteps: workOf(stored) }, response);
    const traceparent = traceparentOf(activeTrace());
    return store.submit({
      tenantId,
      input: stored,
      warnings: input.warnings,
      ...treatment,
      ...(idempotency && { idempotency }),
      ...(traceparent !== undefined && { traceparent }),
    });
  }
}
