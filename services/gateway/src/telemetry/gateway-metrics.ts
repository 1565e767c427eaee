import { type Metrics, metricFactory } from "@moodifier/service-kit";
import type { Job } from "../jobs/job.ts";

/** Names of the metrics that only the gateway has. */
export const GATEWAY_METRICS = {
  httpDuration: "http_server_request_duration_seconds",
  disconnects: "moodifier_client_disconnects_total",
  jobs: "moodifier_jobs_total",
  jobDuration: "moodifier_job_duration_seconds",
  queueOldestAge: "moodifier_queue_oldest_age_seconds",
  queueMegapixelSteps: "moodifier_queue_megapixel_steps",
  cancelLatency: "moodifier_cancel_latency_seconds",
  outsideMask: "moodifier_outside_mask_violations_total",
  webhookDeliveries: "moodifier_webhook_deliveries_total",
  batchRows: "moodifier_batch_rows_total",
  role: "moodifier_gateway_role",
} as const;

/** The gateway's own metrics. */
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** Adds the gateway's metrics to the registry of `metrics`. */
export function createGatewayMetrics({ registry }: Pick<Metrics, "registry">) {
  const { histogram, counter, gauge } = metricFactory(registry);
  return {
    httpDuration: histogram(GATEWAY_METRICS.httpDuration, "Seconds of each answered HTTP request", [
      "http_request_method",
      "http_route",
      "http_response_status_code",
    ]),
    disconnects: counter(GATEWAY_METRICS.disconnects, "Requests whose client left before the answer's end", [
      "http_route",
    ]),
    jobs: counter(GATEWAY_METRICS.jobs, "Jobs that have ended", ["status", "lane"]),
    jobDuration: histogram(GATEWAY_METRICS.jobDuration, "Seconds from the submission of a job to its end", [
      "status",
      "lane",
    ]),
    // Depth, age and work of a lane are the database's, so every replica tells the same: take their maximum, never their sum.
    queueOldestAge: gauge(GATEWAY_METRICS.queueOldestAge, "Seconds that the oldest waiting job has waited", ["queue"]),
    queueMegapixelSteps: gauge(GATEWAY_METRICS.queueMegapixelSteps, "Megapixels times steps of the waiting jobs", [
      "queue",
    ]),
    cancelLatency: histogram(GATEWAY_METRICS.cancelLatency, "Seconds from a cancellation to the freed slot", []),
    outsideMask: counter(GATEWAY_METRICS.outsideMask, "Edits that changed a pixel outside their mask", []),
    webhookDeliveries: counter(GATEWAY_METRICS.webhookDeliveries, "Attempts to deliver a webhook", ["result"]),
    batchRows: counter(GATEWAY_METRICS.batchRows, "Rows of batches that have ended", ["status"]),
    role: gauge(GATEWAY_METRICS.role, "1 with the role in which the process serves", ["role"]),
  };
}

/** Counts a job that has ended. */
export function countJob({ jobs, jobDuration }: GatewayMetrics, job: Job): void {
  const labels = { status: job.status, lane: job.lane };
  jobs.inc(labels);
  jobDuration.observe(labels, ((job.finishedAt ?? Date.now()) - job.createdAt) / 1000);
}

/** How long a lane of the job queue is, or the queue of the rows of batches. */
export interface LaneReading {
  readonly lane: string;
  readonly queued: number;
  readonly running: number;
  readonly oldestAgeSeconds: number;
  /** Megapixels times steps of all waiting jobs; rows are not known so well. */
  readonly megapixelSteps?: number;
}

/** Copies the lengths of the lanes to the gauges; for the metrics server to call at each scrape, so that nothing is counted while nobody looks. */
export async function reportLanes(
  { queueDepth, queueRunning }: Pick<Metrics, "queueDepth" | "queueRunning">,
  { queueOldestAge, queueMegapixelSteps }: Pick<GatewayMetrics, "queueOldestAge" | "queueMegapixelSteps">,
  readLanes: () => Promise<readonly LaneReading[]>,
): Promise<void> {
  for (const { lane, queued, running, oldestAgeSeconds, megapixelSteps } of await readLanes()) {
    queueDepth.set({ queue: lane }, queued);
    queueRunning.set({ queue: lane }, running);
    queueOldestAge.set({ queue: lane }, oldestAgeSeconds);
    if (megapixelSteps !== undefined) queueMegapixelSteps.set({ queue: lane }, megapixelSteps);
  }
}
