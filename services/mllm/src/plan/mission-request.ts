import { CATEGORIES, findEmotion } from "@moodifier/emotion";
import type { Manifest } from "@moodifier/inference";
import type { mllm } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import type { Mission } from "./mission.ts";
import { DEFAULT_INTENSITY } from "./presets.ts";

/** Regions of a plan at most. */
const MAX_REGIONS = 8;

/** The planner section of a manifest. */
export type PlannerManifest = NonNullable<Manifest["planner"]>;

/**
 * Turns a request into a mission.
 * @throws EmotionError EMOTION_UNKNOWN with near names; MoodError INVALID_ARGUMENT with reason INTENSITY_OUT_OF_RANGE, REGION_UNKNOWN or
 * CATEGORY_UNKNOWN (known names in `details.known`).
 */
export function readMission(request: mllm.PlanEditRequest, planner: PlannerManifest): Mission {
  const { intensity = DEFAULT_INTENSITY } = request;
  if (!(intensity >= 0 && intensity <= 1)) {
    throw new MoodError("INVALID_ARGUMENT", "INTENSITY_OUT_OF_RANGE", `intensity must be 0..1, got ${intensity}`);
  }
  const region = readOption("region", "REGION_UNKNOWN", request.region, planner.labels);
  const category = readOption("category", "CATEGORY_UNKNOWN", request.category, CATEGORIES);
  const known = category === undefined || planner.categories.includes(category);
  return {
    emotion: findEmotion(request.emotion),
    // Floats of the wire have more digits than anybody typed.
    intensity: Math.round(intensity * 1e6) / 1e6,
    region,
    foreignCategory: known ? undefined : category,
    vocabulary: {
      categories: category !== undefined && known ? [category] : planner.categories,
      labels: region === undefined ? planner.labels : [region],
      maxRegions: region === undefined ? MAX_REGIONS : 1,
    },
  };
}

/** A field that must name one of the known options; undefined and "" leave the choice to the planner. */
function readOption(
  name: string,
  reason: string,
  value: string | undefined,
  known: readonly string[],
): string | undefined {
  if (value === undefined || value === "") return undefined;
  const wanted = value.trim().toLowerCase();
  if (known.includes(wanted)) return wanted;
  throw new MoodError(
    "INVALID_ARGUMENT",
    reason,
    `${name} must be one of ${known.join(", ")}, got "${value.slice(0, 40)}"`,
    {
      details: { known },
    },
  );
}
