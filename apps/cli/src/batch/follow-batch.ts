import { follow } from "../server/follow.ts";
import type { BatchProgress, BatchView } from "./batch-types.ts";

/** About three minutes in all: a batch takes hours, in which a server may be replaced. */
const patience = { attempts: 12, pauseMs: 500 };

/** Follows a batch to its end, over broken connections too, and returns it as it ended. */
export async function followBatch(
  batch: BatchView,
  onProgress: (progress: BatchProgress) => void,
  signal: AbortSignal,
): Promise<BatchView> {
  return follow<BatchView>(batch, {
    patience,
    signal,
    isFinal: ({ status }) => status !== "running",
    onEvent: ({ event, data }) => {
      if (event === "progress") onProgress(JSON.parse(data) as BatchProgress);
    },
  });
}
