import {
  activeSpan,
  ATTRIBUTES,
  extractTrace,
  recordSpan,
  SpanKind,
  SpanStatusCode,
  type StartedSpan,
  withSpan,
} from "@moodifier/service-kit";

/** What the trace of a job needs to know of it. */
export interface TracedJob {
  readonly id: string;
  /** W3C trace context of the request that submitted the job; for a row, of the request that submitted its batch. */
  readonly traceparent?: string | null | undefined;
  readonly lane?: string | undefined;
  /** 1 for the first try. */
  readonly attempt?: number | undefined;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly batchId?: string | null | undefined;
  /** 0-based. */
  readonly rowIndex?: number | null | undefined;
}

/**
 * Runs a job taken from the queue in its trace: the one of the request that submitted it, so that HTTP, queue and model services are one trace. A row of a
 * batch has a trace of its own that links to the batch, for a batch of many rows would be a trace that nobody can read. Another attempt joins the same trace.
 */
export function withJobSpan<T>(job: TracedJob, work: (started: StartedSpan) => Promise<T> | T): Promise<T> {
  const submitted = extractTrace(job.traceparent);
  const isRow = job.batchId !== undefined && job.batchId !== null;
  const attributes = {
    [ATTRIBUTES.jobId]: job.id,
    [ATTRIBUTES.queueWaitMs]: Math.max(0, Date.now() - job.createdAt),
    ...(job.lane !== undefined && { [ATTRIBUTES.jobLane]: job.lane }),
    ...(job.attempt !== undefined && { [ATTRIBUTES.jobAttempt]: job.attempt }),
    ...(isRow && { [ATTRIBUTES.batchId]: job.batchId as string }),
    ...(typeof job.rowIndex === "number" && { [ATTRIBUTES.batchRow]: job.rowIndex }),
  };
  if (!isRow) {
    recordSpan("wait for jobs", { parent: submitted, startMs: job.createdAt, endMs: Date.now() });
    return withSpan("job", { kind: SpanKind.CONSUMER, parent: submitted, attributes }, work);
  }
  return withSpan("job", { kind: SpanKind.CONSUMER, parent: extractTrace(null), attributes, links: [submitted] }, work);
}

/** Notes on the job's span how the job ended; call it within {@link withJobSpan}, outside of further spans. */
export function noteJobEnd({
  status,
  problem,
}: {
  status: string;
  problem?: { readonly reason: string } | undefined;
}): void {
  const span = activeSpan();
  span?.setAttribute(ATTRIBUTES.jobStatus, status);
  if (!problem) return;
  span?.setAttributes({ [ATTRIBUTES.errorType]: problem.reason, [ATTRIBUTES.errorReason]: problem.reason });
  span?.setStatus({ code: SpanStatusCode.ERROR, message: problem.reason });
}
