import { expect, it } from "vitest";
import { CLIENT_OPTIONS, SERVER_OPTIONS } from "./limits.ts";

it.each([
  ["server", SERVER_OPTIONS],
  ["client", CLIENT_OPTIONS],
])("a %s sends no ping while calls may still run on a connection that has had its time", (_, options) => {
  const lastCallEnds =
    1.1 * Number(SERVER_OPTIONS["grpc.max_connection_age_ms"]) +
    Number(SERVER_OPTIONS["grpc.max_connection_age_grace_ms"]);
  expect(options["grpc.keepalive_time_ms"]).toBeGreaterThanOrEqual(lastCallEnds);
});
