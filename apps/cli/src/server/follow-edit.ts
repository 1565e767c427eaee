import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../output/failure.ts";
import { request, requestJson } from "./api.ts";
import { type Edit, finalStatuses, type ProgressEvent } from "./api-types.ts";
import { readEventStream } from "./event-stream.ts";

/** A stream that broke this often without a new event is given up. */
const maxAttempts = 5;
const pauseMs = 500;

/** Follows an edit to its end, over broken connections too, and returns it as it ended. */
export async function followEdit(
  edit: Edit,
  onProgress: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<Edit> {
  let last = 0;
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      for await (const event of watch(edit.urls.events, last, signal)) {
        attempt = 1;
        last = event.sequence;
        onProgress(event);
      }
      const now = await requestJson<Edit>(edit.urls.self, { signal });
      if (finalStatuses.includes(now.status)) return now;
    } catch (error) {
      // What the server refused is final; a broken connection may heal.
      if (signal.aborted || !(error instanceof UnavailableError || error instanceof TypeError)) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
  throw new UnavailableError(`the connection to ${new URL(edit.urls.self).origin} broke ${maxAttempts} times`);
}

async function* watch(url: string, after: number, signal: AbortSignal): AsyncGenerator<ProgressEvent> {
  const response = await request(url, { signal, headers: { "Last-Event-ID": String(after) } });
  if (!response.body) return;
  for await (const { event, data } of readEventStream(response.body)) {
    if (event === "progress") yield JSON.parse(data) as ProgressEvent;
  }
}
