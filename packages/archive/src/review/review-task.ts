import type { EmotionName } from "@moodifier/emotion";

/** What a reviewer sees; one line of `review/tasks.jsonl`. */
export interface ReviewTask {
  readonly id: string;
  /** Relative to the folder of the tasks. */
  readonly picture: string;
  readonly alt: string;
  readonly caption: string;
  readonly emotion: EmotionName;
  readonly context: string;
  readonly attribution: string;
  readonly uri: string;
}
