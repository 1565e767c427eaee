import { decodeImage } from "@moodifier/inference";
import type { NsfwClassifier } from "@moodifier/safety";
import { MoodError } from "@moodifier/service-kit";
import type { WarningView } from "../jobs/job-parts.ts";
import type { SafetyPolicy, SafetySettings } from "./safety-config.ts";

/** Looks at the pictures that come in and go out. */
export interface Moderation {
  /**
   * Judges a picture. Returns a warning when it is unsafe and only flagged.
   * @throws MoodError INVALID_ARGUMENT INPUT_MODERATED, or FAILED_PRECONDITION OUTPUT_MODERATED, when it is unsafe and blocked.
   */
  check(side: Side, image: Uint8Array, signal?: AbortSignal): Promise<readonly WarningView[]>;
  close(): Promise<void>;
}

export type Side = "input" | "output";

/** Moderation that is off. */
export const noModeration: Moderation = { check: () => Promise.resolve([]), close: () => Promise.resolve() };

/** Moderation by a classifier. It fails closed: a picture that can't be judged under a policy ends the edit with the error. */
export function createModeration(
  classifier: Pick<NsfwClassifier, "score" | "close">,
  { safetyInput, safetyOutput, safetyThreshold }: Omit<SafetySettings, "safetyModel">,
): Moderation {
  const policies: Record<Side, SafetyPolicy> = { input: safetyInput, output: safetyOutput };
  return {
    check: async (side, image, signal) => {
      const policy = policies[side];
      if (policy === "off") return [];
      const score = await classifier.score(await decodeImage(image, { signal }), signal);
      if (score < safetyThreshold) return [];
      if (policy === "block") throw blocked(side);
      const code = side === "input" ? "INPUT_FLAGGED" : "OUTPUT_FLAGGED";
      return [{ code, message: `${subjectOf(side)} looks not safe for work (probability ${score.toFixed(2)}).` }];
    },
    close: () => classifier.close(),
  };
}

/** The state in which an edit ends when moderation threw this; undefined for every other error. */
export function moderatedState(error: unknown): "input_moderated" | "output_moderated" | undefined {
  if (!(error instanceof MoodError)) return undefined;
  if (error.reason === "INPUT_MODERATED") return "input_moderated";
  return error.reason === "OUTPUT_MODERATED" ? "output_moderated" : undefined;
}

/** The score stays inside: it would only teach how to get around it. */
function blocked(side: Side): MoodError {
  const text = `${subjectOf(side)} was judged not safe for work; this installation's policy refuses it.`;
  return side === "input"
    ? new MoodError("INVALID_ARGUMENT", "INPUT_MODERATED", text, { details: { argument: "image" } })
    : new MoodError("FAILED_PRECONDITION", "OUTPUT_MODERATED", `${text} Another seed or emotion may pass.`);
}

function subjectOf(side: Side): string {
  return side === "input" ? "The picture" : "The result";
}
