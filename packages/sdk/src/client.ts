import createClient, { type Client } from "openapi-fetch";
import type { paths } from "./gen/schema.ts";
import { readError, UnreachableError } from "./moodifier-error.ts";

/** Where the gateway is and who calls. */
export interface ClientOptions {
  /** For example "https://moodifier.example"; without /v1. */
  readonly baseUrl: string;
  /** API key or access token. */
  readonly key?: string | undefined;
  /** Another `fetch`, for example one with a proxy. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** One method for each HTTP method, typed by path: `client.POST("/v1/edits", {...})`. */
export type MoodifierClient = Client<paths>;

/**
 * A client of the gateway. Calls reject with MoodifierError when it answers with a problem and with UnreachableError when nothing answers, so that
 * `data` is there whenever a call resolves. Pass `signal` to any call to stop it.
 */
export function createMoodifierClient({ baseUrl, key, fetch: send = fetch }: ClientOptions): MoodifierClient {
  const headers = key === undefined ? {} : { authorization: `Bearer ${key}` };
  const client = createClient<paths>({
    baseUrl: baseUrl.replace(/\/+$/, ""),
    headers,
    fetch: async (request) => {
      try {
        return await send(request);
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        // fetch tells of a lost or refused connection by a TypeError.
        if (!(error instanceof TypeError)) throw error;
        throw new UnreachableError(`${new URL(request.url).origin} can't be reached: ${causeOf(error)}`, {
          cause: error,
        });
      }
    },
  });
  client.use({
    onResponse: async ({ response }) => {
      if (response.status >= 400) throw await readError(response);
    },
  });
  return client;
}

function causeOf(error: unknown): string {
  const cause = error instanceof Error ? (error.cause ?? error) : error;
  if (!(cause instanceof Error)) return String(cause);
  return cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
}
