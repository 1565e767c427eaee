/** Every metric name of the services. Labels stay few: never a tenant, a prompt or an identifier. */
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
  batchSize: "moodifier_batch_size",
} as const;

/** Span attribute names: OpenTelemetry's RPC conventions (1.45, stable) and ours. */
export const ATTRIBUTES = {
  rpcSystem: "rpc.system.name",
  rpcMethod: "rpc.method",
  rpcStatus: "rpc.response.status_code",
  serverAddress: "server.address",
  errorType: "error.type",
  stage: "moodifier.stage",
} as const;

/** Seconds; from one denoising step of a tiny model to a long edit. */
export const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60, 120];
