import type { Manifest } from "@moodifier/inference";
import { common, type diffusion } from "@moodifier/proto";
import { MoodError } from "@moodifier/service-kit";
import type { EditMethod } from "../methods/edit-method.ts";
import { DEFAULT_METHOD, findMethod, listMethods } from "../methods/method-table.ts";
import { lcmTimesteps } from "../schedule/lcm-timesteps.ts";
import { resolveSampling, type SamplingSettings } from "./sampling.ts";
import { readTextStates, type TextSide } from "./text-states.ts";

/** A checked request; pictures are still encoded. */
export interface EditOrder {
  readonly image: Uint8Array;
  /** IANA media type that the caller declared; empty for none. */
  readonly mediaType: string;
  /** Encoded M_E; empty for none. */
  readonly maskPng: Uint8Array;
  /** Whether attention maps draw the mask. */
  readonly attentionMask: boolean;
  readonly blendWords: readonly string[];
  readonly text: TextSide;
  readonly sampling: SamplingSettings;
  readonly method: EditMethod;
  /** The training timesteps that run, descending: those of all steps asked for, without the noisiest where the method's strength is below 1. */
  readonly timesteps: readonly number[];
}

const { ATTENTION, BOX, SEGMENTER, USER, WHOLE } = common.MaskSource;
const MASK_SOURCES: readonly string[] = [USER, SEGMENTER, ATTENTION, BOX, WHOLE];

/**
 * Checks everything that can be checked without decoding a picture.
 * Throws MoodError INVALID_ARGUMENT: IMAGE_MISSING, PLAN_MISSING, PLAN_KIND_INVALID, MASK_SOURCE_INVALID, MASK_MISSING, MASK_UNEXPECTED,
 * METHOD_UNKNOWN, SAMPLING_OUT_OF_RANGE, TEXT_STATES_INVALID or TEXT_TOKENS_INVALID.
 */
export function readEditRequest(request: diffusion.EditRequest, manifest: Manifest): EditOrder {
  const { image, plan } = request;
  if (!image) {
    refuse("IMAGE_MISSING", "image: expected a picture, got nothing");
  }
  if (!plan) {
    refuse("PLAN_MISSING", "plan: expected an edit plan, got nothing; mllm.v1.Planner.PlanEdit makes one");
  }
  checkMask(plan);
  const sampling = resolveSampling(request.sampling, plan, manifest);
  const method = chooseMethod(request.method);
  const grid = lcmTimesteps(sampling.steps, manifest.noiseSchedule);
  return {
    image: image.data,
    mediaType: image.mediaType,
    maskPng: plan.maskPng,
    attentionMask: plan.maskSource === ATTENTION,
    blendWords: plan.blendWords,
    text: readTextStates(request.text, manifest),
    sampling,
    method,
    timesteps: grid.slice(Math.round(grid.length * (1 - method.strength))),
  };
}

function checkMask({ maskSource, maskPng }: common.EditPlan): void {
  if (!MASK_SOURCES.includes(maskSource)) {
    refuse("MASK_SOURCE_INVALID", `plan.mask_source: expected one of ${MASK_SOURCES.join(", ")}, got ${maskSource}`);
  }
  if (maskPng.length === 0 && maskSource !== ATTENTION && maskSource !== WHOLE) {
    refuse("MASK_MISSING", `plan.mask_png: expected a mask with ${maskSource}, got 0 bytes`);
  }
  if (maskPng.length > 0 && maskSource === ATTENTION) {
    refuse(
      "MASK_UNEXPECTED",
      `plan.mask_png: expected 0 bytes with ${maskSource}, got ${maskPng.length}; set the mask's true source`,
    );
  }
}

function chooseMethod(name: string): EditMethod {
  const method = findMethod(name === "" ? DEFAULT_METHOD : name);
  if (!method) {
    const known = listMethods().map((entry) => entry.name);
    throw new MoodError(
      "INVALID_ARGUMENT",
      "METHOD_UNKNOWN",
      `method: expected one of ${known.join(", ")}, got "${name.slice(0, 40)}"`,
      {
        details: { known },
      },
    );
  }
  return method;
}

function refuse(reason: string, message: string): never {
  throw new MoodError("INVALID_ARGUMENT", reason, message);
}
