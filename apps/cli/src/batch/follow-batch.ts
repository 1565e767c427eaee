import { setTimeout as sleep } from "node:timers/promises";
import { UnavailableError } from "../output/failure.ts";
import { request, requestJson } from "../server/api.ts";
import { readEventStream } from "../server/event-stream.ts";
import type { BatchProgress, BatchRowView, BatchView } from "./batch-types.ts";

/** A stream that broke this often without a new event is given up. */
const maxAttempts = 10;
const pauseMs = 1000;

export interface Listener {
  readonly onProgress: (progress: BatchProgress) => void;
  readonly onRow?: (row: BatchRowView) => void;
}

/** Follows a batch to its end, over broken connections too, and returns it as it ended. */
export async function followBatch(batch: BatchView, listener: Listener, signal: AbortSignal): Promise<BatchView> {
  let last = "0";
  for (let attempt = 1; attempt <= maxAttempts; attempt += 1) {
    try {
      const response = await request(batch.urls.events, { signal, headers: { "Last-Event-ID": last } });
      for await (const { event, data, id } of response.body ? readEventStream(response.body) : []) {
        attempt = 1;
        last = id ?? last;
        if (event === "progress") listener.onProgress(JSON.parse(data) as BatchProgress);
        if (event === "row") listener.onRow?.(JSON.parse(data) as BatchRowView);
      }
      const now = await requestJson<BatchView>(batch.urls.self, { signal });
      if (now.status !== "running") return now;
    } catch (error) {
      // What the server refused is final; a broken connection may heal.
      if (signal.aborted || !(error instanceof UnavailableError || error instanceof TypeError)) throw error;
    }
    await sleep(pauseMs, undefined, { signal });
  }
  throw new UnavailableError(`the connection to ${new URL(batch.urls.self).origin} broke ${maxAttempts} times`);
}
