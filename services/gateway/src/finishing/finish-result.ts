import { readFileSync } from "node:fs";
import { type DigitalSourceType, finishPicture } from "@moodifier/inference";
import { toMoodError } from "@moodifier/service-kit";
import type { EncodedImage, JobInput } from "../jobs/job.ts";
import type { RecipeView, WarningView } from "../jobs/job-parts.ts";
import type { Moderation } from "../safety/moderation.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

/** What finishing needs besides the edit. */
export interface Finisher {
  readonly moderation: Moderation;
  readonly sourceType: DigitalSourceType;
}

/** An edit as the editor returned it. */
export interface EditedPicture {
  readonly input: Pick<JobInput, "image" | "settings">;
  /** PNG, upright, 8-bit sRGB. */
  readonly edited: Buffer;
  readonly recipe: RecipeView;
}

/**
 * Makes the file that the user gets: judged by moderation, in the source's own samples and profile, in the wanted format, with its provenance written in.
 * @throws MoodError OUTPUT_MODERATED, or the codec's IMAGE_* errors.
 */
export async function finishResult(
  { moderation, sourceType }: Finisher,
  { input, edited, recipe }: EditedPicture,
  signal: AbortSignal,
): Promise<{ image: EncodedImage; warnings: readonly WarningView[] }> {
  const warnings = await moderation.check("output", edited, signal);
  const { emotion, intensity, output = {} } = input.settings;
  const provenance = { sourceType, tool: `Moodifier ${version}`, recipe: { emotion, intensity, ...recipe } };
  try {
    const { data, mediaType } = await finishPicture(input.image.data, edited, { ...output, provenance, signal });
    return { image: { data, mediaType }, warnings };
  } catch (error) {
    throw toMoodError(error, signal);
  }
}
