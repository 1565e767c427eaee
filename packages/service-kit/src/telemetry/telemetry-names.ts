/** Every metric name that services share. Labels stay few: never a tenant, a prompt or an identifier. */
export const METRICS = {
  rpcServerDuration: "rpc_server_call_duration_seconds",
  rpcServerRunning: "moodifier_rpc_server_running",
  rpcClientDuration: "rpc_client_call_duration_seconds",
  rpcClientRetries: "moodifier_rpc_client_retries_total",
  queueDepth: "moodifier_queue_depth",
  queueRunning: "moodifier_queue_running",
  queueWait: "moodifier_queue_wait_seconds",
  queueRefused: "moodifier_queue_refused_total",
  stageDuration: "moodifier_stage_duration_seconds",
  modelLoad: "moodifier_model_load_seconds",
  inferenceDuration: "moodifier_inference_duration_seconds",
  batchSize: "moodifier_batch_size",
  batchDispatches: "moodifier_batch_dispatch_total",
  cacheRequests: "moodifier_cache_requests_total",
} as const;

/** Span attribute names: OpenTelemetry's stable RPC, HTTP and error conventions (1.45), and ours. */
export const ATTRIBUTES = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  rpcResends: "moodifier.rpc.resend_count",
  httpMethod: "http.request.method",
  httpRoute: "http.route",
  httpStatus: "http.response.status_code",
  urlPath: "url.path",
  urlScheme: "url.scheme",
  serverAddress: "server.address",
  serverPort: "server.port",
  errorType: "error.type",
  errorReason: "moodifier.error.reason",
  stage: "moodifier.stage",
  jobId: "moodifier.job.id",
  jobStatus: "moodifier.job.status",
  jobLane: "moodifier.job.lane",
  jobAttempt: "moodifier.job.attempt",
  queueWaitMs: "moodifier.queue.wait_ms",
  batchId: "moodifier.batch.id",
  batchRow: "moodifier.batch.row",
  batchQueue: "moodifier.batch.queue",
  batchSize: "moodifier.batch.size",
  batchReason: "moodifier.batch.reason",
} as const;

/** Seconds; from one denoising step of a tiny model to a long edit. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120];
