import type { Manifest } from "@moodifier/inference";
import { common, type diffusion } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";

/** Every setting of the sampler, decided. */
export interface SamplingSettings {
  readonly seed: bigint;
  /** 1..50. */
  readonly steps: number;
  /** Above 1, at most 15. */
  readonly guidanceScale: number;
  /** 0..1. */
  readonly crossReplace: number;
  /** 0..1. */
  readonly selfReplace: number;
  /** 0..64, source pixels. */
  readonly featherPx: number;
  /** Steps between previews; 0 for none. */
  readonly previewEvery: number;
}

const MAX_STEPS = 50;
const MAX_FEATHER_PX = 64;
const MAX_GUIDANCE = 15;

/** The manifest's names of the edit kinds. */
const KIND_NAMES: Readonly<Record<string, string>> = {
  [common.EditKind.SHAPE]: "shape",
  [common.EditKind.COLOUR]: "colour",
  [common.EditKind.MATERIAL]: "material",
  [common.EditKind.STYLE]: "style",
  [common.EditKind.ADD]: "add",
  [common.EditKind.REMOVE]: "remove",
};

/**
 * Takes each setting from the request, else from the plan's preset, else from the model's preset of the plan's kind, else from the
 * model's defaults. A preset's steps or guidance scale of 0 count as unset: 0 is no value of theirs.
 * Throws MoodError SAMPLING_OUT_OF_RANGE or PLAN_KIND_INVALID.
 */
export function resolveSampling(
  asked: diffusion.Sampling | undefined,
  plan: common.EditPlan,
  manifest: Manifest,
): SamplingSettings {
  const kind = KIND_NAMES[plan.kind];
  if (!kind) {
    const known = Object.keys(KIND_NAMES).join(", ");
    throw new MoodError(
      "INVALID_ARGUMENT",
      "PLAN_KIND_INVALID",
      `plan.kind: expected one of ${known}, got ${plan.kind}`,
    );
  }
  const model = withPreset(manifest, kind);
  const settings: SamplingSettings = {
    seed: asked?.seed ?? 0n,
    steps: asked?.steps ?? (plan.preset?.steps || model.steps),
    guidanceScale: toDecimal(asked?.guidanceScale ?? (plan.preset?.guidanceScale || model.guidanceScale)),
    crossReplace: toDecimal(asked?.crossReplace ?? plan.preset?.crossReplace ?? model.crossReplace),
    selfReplace: toDecimal(asked?.selfReplace ?? plan.preset?.selfReplace ?? model.selfReplace),
    featherPx: asked?.featherPx ?? Math.round(model.featherPx),
    previewEvery: asked?.previewEvery ?? 0,
  };
  checkRanges(settings, Math.min(MAX_STEPS, manifest.noiseSchedule.originalSteps));
  return settings;
}

/** The model's defaults under its preset of the kind. */
function withPreset({ defaults, presets }: Manifest, kind: string): Manifest["defaults"] {
  const preset = presets[kind] ?? {};
  return {
    steps: preset.steps ?? defaults.steps,
    guidanceScale: preset.guidanceScale ?? defaults.guidanceScale,
    crossReplace: preset.crossReplace ?? defaults.crossReplace,
    selfReplace: preset.selfReplace ?? defaults.selfReplace,
    featherPx: preset.featherPx ?? defaults.featherPx,
  };
}

function checkRanges(settings: SamplingSettings, maxSteps: number): void {
  const faults: string[] = [];
  const expect = (name: keyof SamplingSettings, range: string, fits: (value: number) => boolean) => {
    const value = Number(settings[name]);
    if (!fits(value)) {
      faults.push(
        `sampling.${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}: expected ${range}, got ${value}`,
      );
    }
  };
  const share = (value: number) => value >= 0 && value <= 1;
  expect("steps", `1..${maxSteps}`, (value) => value >= 1 && value <= maxSteps);
  expect("guidanceScale", `more than 1 and at most ${MAX_GUIDANCE}`, (value) => value > 1 && value <= MAX_GUIDANCE);
  expect("crossReplace", "0..1", share);
  expect("selfReplace", "0..1", share);
  expect("featherPx", `0..${MAX_FEATHER_PX}`, (value) => value >= 0 && value <= MAX_FEATHER_PX);
  if (faults.length > 0) {
    throw new MoodError("INVALID_ARGUMENT", "SAMPLING_OUT_OF_RANGE", faults.join("; "), { details: { faults } });
  }
}

/** The decimal number that a float32 field stands for: 0.6 travels as 0.60000002, which would move the end of a schedule. */
function toDecimal(value: number): number {
  return Number(value.toPrecision(7));
}
