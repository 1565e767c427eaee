import { UnavailableError } from "../output/failure.ts";
import { request, requestJson } from "./api.ts";
import { readEventStream, type ServerEvent } from "./event-stream.ts";
import { mayHeal, type Patience, pauseAfter } from "./retry.ts";

/** What is followed: something with a stream of events, and itself to be asked for when the stream has ended. */
export interface Followed {
  readonly urls: { readonly self: string; readonly events: string };
}

/** How to follow. */
export interface FollowOptions<T> {
  readonly isFinal: (now: T) => boolean;
  readonly onEvent: (event: ServerEvent) => void;
  /** Tries without a new event after which it is given up. */
  readonly patience: Patience;
  readonly signal: AbortSignal;
}

/** Follows something to its end, over broken connections and servers that are being replaced, and returns it as it ended. What the server refuses is final. */
export async function follow<T>({ urls }: Followed, options: FollowOptions<T>): Promise<T> {
  const { isFinal, onEvent, patience, signal } = options;
  let last = "0";
  for (let failures = 1, failure: unknown; ; failures += 1) {
    try {
      const response = await request(urls.events, { signal, headers: { "Last-Event-ID": last } });
      for await (const event of response.body ? readEventStream(response.body) : []) {
        failures = 1;
        last = event.id ?? last;
        onEvent(event);
      }
      const now = await requestJson<T>(urls.self, { signal });
      if (isFinal(now)) return now;
    } catch (error) {
      signal.throwIfAborted();
      if (!mayHeal(error)) throw error;
      failure = error;
    }
    if (failures >= patience.attempts) {
      const why = failure instanceof Error ? `; the last time: ${failure.message}` : "";
      const text = `the connection to ${new URL(urls.self).origin} broke ${failures} times${why}`;
      throw new UnavailableError(text, { cause: failure });
    }
    await pauseAfter(failures, patience, signal);
  }
}
