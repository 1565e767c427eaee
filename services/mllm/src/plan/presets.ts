import type { Manifest } from "@moodifier/inference";
import type { common } from "@moodifier/proto";
import type { EditKindName } from "./plan-reply.ts";

/** The intensity at which a preset of the manifest applies unchanged; also the default of a request. */
export const DEFAULT_INTENSITY = 0.8;

/** How much the scale of guidance changes between intensity 0 and 1, relative to the preset. */
const GUIDANCE_SWING = 0.5;
/** How much the attention schedules change between intensity 0 and 1. */
const SCHEDULE_SWING = 0.25;

/**
 * The control strengths for a kind of edit: the manifest's preset of the kind over its defaults, scaled by intensity.
 * With d = intensity - 0.8: guidance = g (1 + 0.5 d), within 1.01..15; cross and self schedule = c - 0.25 d, within 0..1. A stronger
 * emotion is guided harder and lets go of the source earlier. The number of steps does not depend on intensity.
 */
export function choosePreset(manifest: Manifest, kind: EditKindName, intensity: number): common.Preset {
  const { defaults } = manifest;
  const {
    steps = defaults.steps,
    guidanceScale = defaults.guidanceScale,
    crossReplace = defaults.crossReplace,
    selfReplace = defaults.selfReplace,
  } = manifest.presets[kind] ?? {};
  const delta = intensity - DEFAULT_INTENSITY;
  return {
    steps,
    guidanceScale: clamp(guidanceScale * (1 + GUIDANCE_SWING * delta), 1.01, 15),
    crossReplace: clamp(crossReplace - SCHEDULE_SWING * delta, 0, 1),
    selfReplace: clamp(selfReplace - SCHEDULE_SWING * delta, 0, 1),
  };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
