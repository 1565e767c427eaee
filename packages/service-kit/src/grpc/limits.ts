import type { ChannelOptions } from "@grpc/grpc-js";

/** Largest message in either direction, bytes: the largest picture, 40 megapixels of RGBA, as a PNG that could not be made smaller (153 MiB), and room for masks. */
export const MAX_MESSAGE_BYTES = 192 * 1024 * 1024;

/** A call may last this long unless its deadline is nearer, milliseconds. */
export const MAX_CALL_MS = 600_000;

/** A call that arrives with less time than this is refused rather than started, milliseconds. */
export const DEADLINE_FLOOR_MS = 5;

/** Clients resolve names again only when a connection ends, so connections end now and then for new replicas to be seen; milliseconds, a tenth more or less. */
const CONNECTION_AGE_MS = 60_000;

/** Running calls may end on a connection that takes no more, milliseconds. */
const CONNECTION_GRACE_MS = MAX_CALL_MS + 10_000;

/**
 * A ping on a connection that takes no more calls fails at once and cuts those that still run on it (grpc-js 1.14 on Node's http2), so none is sent before the
 * last of them can have ended, milliseconds. Dead peers are found by TCP, see `tcp-keepalive.ts`.
 */
const KEEPALIVE_MS = CONNECTION_AGE_MS * 1.1 + CONNECTION_GRACE_MS;

/** Options of every server. */
export const SERVER_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.max_connection_age_ms": CONNECTION_AGE_MS,
  "grpc.max_connection_age_grace_ms": CONNECTION_GRACE_MS,
  // A kubelet's gRPC probe opens a connection for each probe.
  "grpc.max_connection_idle_ms": 300_000,
};

/** Options of every client. */
export const CLIENT_OPTIONS: ChannelOptions = {
  "grpc.max_receive_message_length": MAX_MESSAGE_BYTES,
  "grpc.max_send_message_length": MAX_MESSAGE_BYTES,
  "grpc.keepalive_time_ms": KEEPALIVE_MS,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 5_000,
  // Within the usual 30 s a rolling update can replace every address that a client knows.
  "grpc.dns_min_time_between_resolutions_ms": 1_000,
  // Pictures in answers: the default window of 64 KiB halves the throughput.
  "grpc-node.flow_control_window": 8 * 1024 * 1024,
  // Spread calls over all addresses of a headless Kubernetes service.
  "grpc.service_config": JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};
