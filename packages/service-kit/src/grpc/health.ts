import type { Server } from "@grpc/grpc-js";
import { HealthImplementation } from "grpc-health-check";

/** The standard `grpc.health.v1.Health` service of one server. */
export interface Health {
  /** Sets the status of one service, or of the server and all its services. */
  setServing(serving: boolean, service?: string): void;
}

/** A service name that is always SERVING: it tells only that the event loop turns, for liveness probes. */
const LIVE = "live";

/** Adds the health service to `server`, for the server as a whole ("") and for each name in `services`. */
export function addHealth(server: Server, services: readonly string[], serving: boolean): Health {
  const health = new HealthImplementation();
  const setServing = (value: boolean, service?: string) => {
    const names = service === undefined ? ["", ...services] : [service];
    for (const name of names) health.setStatus(name, value ? "SERVING" : "NOT_SERVING");
  };
  health.setStatus(LIVE, "SERVING");
  setServing(serving);
  health.addToServer(server);
  return { setServing };
}
