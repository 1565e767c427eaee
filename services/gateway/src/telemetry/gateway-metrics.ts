import { type Metrics, metricFactory } from "@moodifier/service-kit";

/** Names of the metrics that only the gateway has. */
export const GATEWAY_METRICS = {
  httpDuration: "http_server_request_duration_seconds",
  disconnects: "moodifier_client_disconnects_total",
  jobs: "moodifier_jobs_total",
  jobDuration: "moodifier_job_duration_seconds",
  queueOldestAge: "moodifier_queue_oldest_age_seconds",
  cancelLatency: "moodifier_cancel_latency_seconds",
  outsideMask: "moodifier_outside_mask_violations_total",
  webhookDeliveries: "moodifier_webhook_deliveries_total",
  batchRows: "moodifier_batch_rows_total",
} as const;

/** The gateway's own metrics. */
export type GatewayMetrics = ReturnType<typeof createGatewayMetrics>;

/** How long one lane of the job queue is. */
export interface LaneStats {
  /** `interactive` or `batch`. */
  readonly lane: string;
  /** Jobs that wait. */
  readonly waiting: number;
  /** Seconds since the oldest of them was submitted; 0 when none waits. */
  readonly oldestAgeSeconds: number;
}

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
    queueOldestAge: gauge(GATEWAY_METRICS.queueOldestAge, "Seconds that the oldest waiting job has waited", ["queue"]),
    cancelLatency: histogram(GATEWAY_METRICS.cancelLatency, "Seconds from a cancellation to the freed slot", []),
    outsideMask: counter(GATEWAY_METRICS.outsideMask, "Edits that changed a pixel outside their mask", []),
    webhookDeliveries: counter(GATEWAY_METRICS.webhookDeliveries, "Attempts to deliver a webhook", ["result"]),
    batchRows: counter(GATEWAY_METRICS.batchRows, "Rows of batches that have ended", ["status"]),
  };
}

/** Reads the lanes at each scrape into the depth and oldest-age gauges, so that an idle gateway costs the database nothing. */
export function reportQueue(
  { queueDepth }: Pick<Metrics, "queueDepth">,
  { queueOldestAge }: Pick<GatewayMetrics, "queueOldestAge">,
  readLanes: () => Promise<readonly LaneStats[]>,
): void {
  // prom-client collects gauges one by one; the depth's turn reads for both.
  const collect = async () => {
    for (const { lane, waiting, oldestAgeSeconds } of await readLanes()) {
      queueDepth.set({ queue: lane }, waiting);
      queueOldestAge.set({ queue: lane }, oldestAgeSeconds);
    }
  };
  Object.assign(queueDepth, { collect });
}
