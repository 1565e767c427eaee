import { openNsfwClassifier } from "@moodifier/safety";
import { MoodError } from "@moodifier/service-kit";
import { createModeration, type Moderation, noModeration } from "./moderation.ts";
import type { SafetySettings } from "./safety-config.ts";

/**
 * The moderation that the settings ask for, its model loaded.
 * @throws MoodError INVALID_ARGUMENT (CONFIG_INVALID) without a model file; InferenceError MODEL_NOT_FOUND or DIGEST_MISMATCH.
 */
export async function openModeration(settings: SafetySettings): Promise<Moderation> {
  const { safetyInput, safetyOutput, safetyModel } = settings;
  if (safetyInput === "off" && safetyOutput === "off") return noModeration;
  if (safetyModel === undefined) {
    const text =
      "MOODIFIER_SAFETY_MODEL: expected the Open-NSFW file (scripts/fetch-open-nsfw.mjs) under a policy other than off, got nothing";
    throw new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", `invalid configuration: ${text}`);
  }
  return createModeration(await openNsfwClassifier({ file: safetyModel, threads: 1 }), settings);
}
