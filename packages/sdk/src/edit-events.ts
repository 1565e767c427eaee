import type { MoodifierClient } from "./client.ts";
import type { Edit } from "./models.ts";
import { MoodifierError } from "./moodifier-error.ts";

/** A step of an edit. */
export interface ProgressEvent {
  readonly sequence: number;
  readonly status: string;
  readonly stage: string;
  readonly step: number;
  readonly steps: number;
  readonly percentage: number;
}

/** A stream that broke this often without a new event is given up: after about 15 seconds, each pause is twice the one before. */
const maxAttempts = 6;
const pauseMs = 500;

/** Statuses after which an edit never changes. */
export const FINAL_STATUSES: readonly string[] = [
  "succeeded",
  "failed",
  "cancelled",
  "expired",
  "input_moderated",
  "output_moderated",
];

/** An edit's progress after event number `after`, until it ends or the connection does. */
export async function* watchEdit(
  client: MoodifierClient,
  id: string,
  { after = 0, signal }: { after?: number; signal?: AbortSignal } = {},
): AsyncGenerator<ProgressEvent> {
  const { response, data } = await client.GET("/v1/edits/{id}/events", {
    params: { path: { id }, header: { "Last-Event-ID": after } },
    parseAs: "stream",
    ...(signal && { signal }),
  });
  if (response.status === 204 || !data) return;
  for await (const { event, text } of readEvents(data as ReadableStream<Uint8Array>)) {
    if (event === "progress") yield JSON.parse(text) as ProgressEvent;
  }
}

/** Follows an edit to its end, over broken connections and gateways that are being replaced, and returns it as it ended. */
export async function followEdit(
  client: MoodifierClient,
  id: string,
  { onProgress, signal }: { onProgress?: (event: ProgressEvent) => void; signal?: AbortSignal } = {},
): Promise<Edit> {
  let after = 0;
  let failure: unknown;
  for (let attempt = 1; attempt <= maxAttempts; attempt++) {
    try {
      for await (const event of watchEdit(client, id, { after, ...(signal && { signal }) })) {
        attempt = 1;
        after = event.sequence;
        onProgress?.(event);
      }
      const { data } = await client.GET("/v1/edits/{id}", { params: { path: { id } }, ...(signal && { signal }) });
      // The client library loosens tuples to lists; the schema does not.
      if (data && FINAL_STATUSES.includes(data.status)) return data as unknown as Edit;
    } catch (error) {
      if (signal?.aborted || !mayHeal(error)) throw error;
      failure = error;
    }
    if (attempt < maxAttempts) await new Promise((resolve) => setTimeout(resolve, pauseMs * 2 ** (attempt - 1)));
  }
  throw failure ?? new Error(`the edit ${id} did not end while it was followed`);
}

/** What the gateway refused is final; a broken connection, a busy gateway and one that is being replaced (429, 5xx) are not. */
function mayHeal(error: unknown): boolean {
  return !(error instanceof MoodifierError) || error.status >= 500 || error.status === 429;
}

/** Server-sent events as the HTML standard defines them. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; text: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const lines = block.split(/\r?\n/);
      const valuesOf = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}:`))
          .map((line) => line.slice(name.length + 1).replace(/^ /, ""));
      const data = valuesOf("data");
      if (data.length > 0) yield { event: valuesOf("event").at(-1) ?? "message", text: data.join("\n") };
    }
  }
}
