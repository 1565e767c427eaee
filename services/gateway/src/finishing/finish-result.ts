import { type DigitalSourceType, finishPicture } from "@moodifier/inference";
import { toMoodError } from "@moodifier/service-kit";
import type { EncodedImage, JobInput } from "../jobs/job.ts";
import type { RecipeView, WarningView } from "../jobs/job-parts.ts";
import type { Moderation } from "../safety/moderation.ts";
import type { Signer } from "../signing/signer.ts";
import { TOOL } from "./tool.ts";

/** What finishing needs besides the edit. */
export interface Finisher {
  readonly moderation: Moderation;
  readonly sourceType: DigitalSourceType;
  readonly signer: Signer;
}

/** An edit as the editor returned it. */
export interface EditedPicture {
  readonly input: Pick<JobInput, "image" | "settings">;
  /** PNG, upright, 8-bit sRGB. */
  readonly edited: Buffer;
  readonly recipe: RecipeView;
}

/**
 * Makes the file that the user gets: judged by moderation, in the source's own samples and profile, in the wanted format, with its provenance written in and signed.
 * @throws MoodError OUTPUT_MODERATED, SIGNATURE_FAILED, or the codec's IMAGE_* errors.
 */
export async function finishResult(
  { moderation, sourceType, signer }: Finisher,
  { input, edited, recipe }: EditedPicture,
  signal: AbortSignal,
): Promise<{ image: EncodedImage; warnings: readonly WarningView[] }> {
  const warnings = await moderation.check("output", edited, signal);
  const { emotion, intensity, output = {} } = input.settings;
  const provenance = { sourceType, tool: `${TOOL.name} ${TOOL.version}`, recipe: { emotion, intensity, ...recipe } };
  try {
    const maxBytes = roomFor(output.maxBytes, signer);
    const finished = await finishPicture(input.image.data, edited, { ...output, maxBytes, provenance, signal });
    const data = await signer.sign(finished, signal);
    return { image: { data, mediaType: finished.mediaType }, warnings };
  } catch (error) {
    throw toMoodError(error, signal);
  }
}

/** Bytes that a byte budget leaves to the picture when it is signed afterwards. */
export function roomFor(maxBytes: number | undefined, { addedBytes }: Pick<Signer, "addedBytes">): number | undefined {
  return maxBytes === undefined ? undefined : Math.max(1, maxBytes - addedBytes);
}
