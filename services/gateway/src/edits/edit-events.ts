import type { StreamEvent } from "../http/event-stream.ts";
import type { JobEvent } from "../jobs/job.ts";
import { viewEvent, viewPreview } from "./job-view.ts";

/** Number of the event that the client saw last; 0 when it saw none or sent something else. */
export function readLastEventId(header: string | string[] | undefined): number {
  return typeof header === "string" && /^\d{1,9}$/.test(header) ? Number(header) : 0;
}

/** A job's events for the wire: one `progress` each, with a `preview` before it where there is one. */
export async function* eventsOf(events: AsyncIterable<JobEvent>): AsyncGenerator<StreamEvent> {
  for await (const event of events) {
    // The id comes with the second of the two, so that a client which got only the first gets both again.
    if (event.preview) yield { event: "preview", data: viewPreview(event) };
    yield { event: "progress", id: String(event.sequence), data: viewEvent(event) };
  }
}
