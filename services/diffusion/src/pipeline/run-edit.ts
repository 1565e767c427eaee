import { createPicture, decodeImage, encodePng, type Model, type Picture } from "@moodifier/inference";
import type { Mask, Raster, Size } from "@moodifier/tensor";
import { planSteps, type PlanRequest } from "../attention/step-plans.ts";
import { ROW_COUNT } from "../attention/phases.ts";
import type { EditSite } from "../methods/edit-method.ts";
import type { EditOrder } from "../request/edit-request.ts";
import { CLEAN_LIMIT } from "../schedule/ddcm.ts";
import { cumulateAlphas } from "../schedule/noise-schedule.ts";
import { decodeLatent, encodeLatent, type Latent } from "./autoencoder.ts";
import { denoise, type DenoiseJob } from "./denoise.ts";
import { enlargeMask, readEditMask, type EditMask } from "./edit-mask.ts";
import { openLocalBlend, relateTexts } from "./edit-site.ts";
import { fitSize } from "./fit.ts";
import { measureOutside, pasteBack, type OutsideDifference } from "./paste-back.ts";
import { StageClock, type StageRunner } from "./stage-clock.ts";

/** How to watch and stop an edit. */
export interface EditOptions {
  /** Stops the edit within one step. */
  readonly signal?: AbortSignal | undefined;
  /** Called after each step with its 1-based number and, when one is due, a preview PNG of the working size. */
  readonly onStep?: ((step: number, preview: Buffer | undefined) => void) | undefined;
  /** Wraps each stage, for example in a span. */
  readonly runStage?: StageRunner | undefined;
}

/** A condition that the user should know. */
export interface EditWarning {
  readonly code: string;
  readonly message: string;
}

/** A finished edit. */
export interface FinishedEdit {
  /** PNG, upright, at the source's size. */
  readonly png: Buffer;
  readonly outside: OutsideDifference;
  /** Size at which the model worked. */
  readonly size: Size;
  readonly stageMs: StageClock["ms"];
  /** Denoiser rows that ran, and those of an unpruned loop. */
  readonly rows: number;
  readonly unprunedRows: number;
  readonly warnings: readonly EditWarning[];
}

/**
 * One edit from bytes to bytes (Algorithm 1 of Moodifier): decode and fit, VAE encode, denoise under control, VAE decode, paste back at
 * the source's size, and prove on the written file that the outside is the source's. The same order gives the same bytes on one kind of processor.
 * Throws MoodError, ImageError or InferenceError; the signal's reason when it aborts.
 */
export async function runEdit(model: Model, order: EditOrder, options: EditOptions = {}): Promise<FinishedEdit> {
  const { signal } = options;
  const clock = new StageClock(options.runStage);
  const input = await clock.run("decode", () => readInput(model, order, signal));
  const { picture, size, mask } = input;
  const clean = await clock.run("vae_encode", () => encodeLatent(model, picture, size, signal));
  const prepared = prepareLoop(model, order, clean, mask);
  const denoiser = await model.session("denoiser");
  const onStep = async (step: number, target: Float32Array) => {
    const due = order.sampling.previewEvery > 0 && step % order.sampling.previewEvery === 0;
    const preview = due ? await encodePng(await decodeLatent(model, { ...clean, data: target }, signal)) : undefined;
    options.onStep?.(step, preview);
  };
  const outcome = await clock.run("denoise", () => denoise(denoiser, prepared.job, { signal, onStep }));
  const edited = await clock.run("vae_decode", () => decodeLatent(model, { ...clean, data: outcome.target }, signal));
  const drawn = prepared.site.blend?.mask();
  const changeable = drawn ? enlargeMask(drawn, picture) : mask.source;
  const finished = await clock.run("finish", () =>
    finish(picture, edited, changeable, order.sampling.featherPx, signal),
  );
  return {
    ...finished,
    size,
    stageMs: clock.ms,
    rows: outcome.rows,
    unprunedRows: order.timesteps.length * ROW_COUNT,
    warnings: [...picture.warnings, ...listWarnings(order, mask, prepared.missingWords)],
  };
}

interface EditInput {
  readonly picture: Picture;
  readonly size: Size;
  readonly mask: EditMask;
}

async function readInput(model: Model, order: EditOrder, signal: AbortSignal | undefined): Promise<EditInput> {
  const { image, latent } = model.manifest;
  const picture = await decodeImage(order.image, { mediaType: order.mediaType, signal });
  const size = fitSize(picture, image);
  const cells = { width: size.width / latent.factor, height: size.height / latent.factor };
  return { picture, size, mask: await readEditMask(order.maskPng, picture, cells, signal) };
}

interface PreparedLoop {
  readonly job: DenoiseJob;
  readonly site: EditSite;
  readonly missingWords: readonly string[];
}

/** Decides everything that the loop does. */
function prepareLoop(model: Model, order: EditOrder, clean: Latent, mask: EditMask): PreparedLoop {
  const { noiseSchedule, denoiser } = model.manifest;
  const { method, sampling, text, timesteps } = order;
  const relation = relateTexts(order);
  const site: EditSite = order.attentionMask
    ? { blend: openLocalBlend(order, relation, clean) }
    : { mask: mask.latent };
  const hooks = method.hooks(site);
  const request: PlanRequest = {
    steps: timesteps.length,
    schedule: method.controlled ? sampling : { crossReplace: 0, selfReplace: 0 },
    crossFrom: method.crossFrom,
    reads: [...method.trajectory.reads, ...hooks.flatMap((hook) => hook.mapRows ?? [])],
    readsMutual: hooks.some((hook) => hook.readsMutual),
  };
  // A mask of the whole picture has no outside: with Eq. 7 nothing would follow the source, so the cross schedule alone decides.
  const region = method.keepsRegion && !mask.full ? mask.latent.data : undefined;
  const { channels, height, width } = clean;
  const job: DenoiseJob = {
    context: { layers: denoiser.layers, channels, height, width, text, control: relation.control, region },
    clean: clean.data,
    timesteps,
    plans: planSteps(request),
    alphas: cumulateAlphas(noiseSchedule),
    prediction: noiseSchedule.prediction,
    guidanceScale: sampling.guidanceScale,
    cleanLimit: CLEAN_LIMIT,
    seed: sampling.seed,
    trajectory: method.trajectory,
    hooks,
  };
  return { job, site, missingWords: relation.missingWords };
}

/** Pastes back and writes the file, then reads that file to measure what it holds. */
async function finish(
  picture: Picture,
  edited: Raster,
  mask: Mask,
  featherPx: number,
  signal: AbortSignal | undefined,
) {
  const pasted = await pasteBack(picture, edited, mask, featherPx);
  signal?.throwIfAborted();
  const png = await encodePng(createPicture(pasted.picture));
  const written = await decodeImage(png, { signal, maxPixels: picture.width * picture.height });
  return { png, outside: measureOutside(picture, written, pasted.weights) };
}

function listWarnings(order: EditOrder, mask: EditMask, missingWords: readonly string[]): EditWarning[] {
  const warnings: EditWarning[] = [];
  if (mask.full && !order.attentionMask) {
    warnings.push({ code: "MASK_FULL", message: "the mask covers the whole picture, so any pixel may have changed" });
  }
  if (missingWords.length > 0) {
    const message = `${missingWords.length} of ${order.blendWords.length} blend words are not in the target prompt and were left out`;
    warnings.push({ code: "BLEND_WORDS_UNKNOWN", message });
  }
  return warnings;
}
