import { type Edit, finalStatuses, type ProgressEvent } from "./api-types.ts";
import { follow } from "./follow.ts";

/** About 15 seconds in all. */
const patience = { attempts: 6, pauseMs: 500 };

/** Follows an edit to its end, over broken connections too, and returns it as it ended. */
export async function followEdit(
  edit: Edit,
  onProgress: (event: ProgressEvent) => void,
  signal: AbortSignal,
): Promise<Edit> {
  return follow<Edit>(edit, {
    patience,
    signal,
    isFinal: ({ status }) => finalStatuses.includes(status),
    onEvent: ({ event, data }) => {
      if (event === "progress") onProgress(JSON.parse(data) as ProgressEvent);
    },
  });
}
