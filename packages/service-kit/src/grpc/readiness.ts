import { type Client, type ServiceError, status } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { fromServiceError, type Peer } from "../errors/grpc-status.ts";
import { MoodError } from "../errors/mood-error.ts";

const check = healthService["Check"];

/**
 * Resolves when the peer answers within `ms` that `service` is SERVING. A server without the health service counts as ready.
 * @throws MoodError UNAVAILABLE, reason SERVICE_UNAVAILABLE when it cannot be reached, SERVICE_NOT_READY when it does not serve (yet).
 */
export async function checkReadiness(client: Client, peer: Peer, service: string, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  await waitForConnection(client, peer, ms, deadline);
  const answer = await askHealth(client, service, deadline).catch((error: ServiceError) => {
    if (error.code === status.UNIMPLEMENTED) return "SERVING";
    if (error.code === status.NOT_FOUND) return "SERVICE_UNKNOWN";
    throw fromServiceError(error, peer);
  });
  if (answer === "SERVING") return;
  const text = `${peer.service} at ${peer.address} does not serve ${service} now: ${answer}`;
  throw new MoodError("UNAVAILABLE", "SERVICE_NOT_READY", text, { details: { service: peer.service } });
}

function waitForConnection(client: Client, peer: Peer, ms: number, deadline: number): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(deadline, (cause) => {
      if (!cause) return resolve();
      const text = `${peer.service} at ${peer.address} cannot be reached within ${ms} ms`;
      reject(new MoodError("UNAVAILABLE", "SERVICE_UNAVAILABLE", text, { details: { service: peer.service }, cause }));
    });
  });
}

function askHealth(client: Client, service: string, deadline: number): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!check) throw new Error("grpc-health-check has no Check method");
    const { path, requestSerialize, responseDeserialize } = check;
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, { service }, { deadline }, (error, answer) => {
      if (error) reject(error);
      else resolve((answer as { status: string }).status);
    });
  });
}
