import { clip, diffusion, mllm } from "@moodifier/proto";
import { createClient, type Metrics, MoodError, type ServiceClient, toMoodError } from "@moodifier/service-kit";

export const backendNames = ["mllm", "clip", "diffusion"] as const;
export type BackendName = (typeof backendNames)[number];

/** Whether a model service can be reached. */
export interface BackendHealth {
  readonly service: BackendName;
  readonly ready: boolean;
  /** Why not. */
  readonly detail?: string;
}

/** Clients of the three model services. */
export interface Backends {
  readonly mllm: ServiceClient<typeof mllm.PlannerClient.service>;
  readonly clip: ServiceClient<typeof clip.EncoderClient.service>;
  readonly diffusion: ServiceClient<typeof diffusion.EditorClient.service>;
  close(): void;
}

/** Makes the clients; nothing connects before the first call. Addresses are host:port. */
export function connectBackends(addresses: Readonly<Record<BackendName, string>>, metrics?: Metrics): Backends {
  const options = metrics ? { metrics } : {};
  const clients = {
    mllm: createClient(mllm.PlannerClient, addresses.mllm, { ...options, name: "mllm" }),
    clip: createClient(clip.EncoderClient, addresses.clip, { ...options, name: "clip" }),
    diffusion: createClient(diffusion.EditorClient, addresses.diffusion, { ...options, name: "diffusion" }),
  };
  return { ...clients, close: () => backendNames.forEach((name) => clients[name].close()) };
}

/** Asks each service whether it can be reached, for at most `timeoutMs`. */
export function checkBackends(backends: Backends, timeoutMs: number): Promise<BackendHealth[]> {
  return Promise.all(
    backendNames.map(async (service) => {
      try {
        await backends[service].ready(timeoutMs);
        return { service, ready: true };
      } catch (error) {
        return { service, ready: false, detail: toMoodError(error).message };
      }
    }),
  );
}

/** Runs a call to a service; an UNAVAILABLE error that doesn't say which service gets its name. */
export async function callBackend<T>(service: BackendName, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw nameService(service, error);
  }
}

/** The error, with `details.service` when a service was unavailable. */
export function nameService(service: BackendName, error: unknown): unknown {
  if (!(error instanceof MoodError) || error.code !== "UNAVAILABLE" || error.details["service"] !== undefined)
    return error;
  const details = { ...error.details, service };
  return new MoodError(error.code, error.reason, `${service}: ${error.message}`, { details, cause: error });
}
