import type { common, diffusion } from "@moodifier/proto";
import { type CallOptions, type Metrics, MoodError } from "@moodifier/service-kit";
import { type Backends, nameService } from "../backends/backends.ts";
import type { EditSettings, Job, JobChange, JobInput, JobStatus } from "../jobs/job.ts";
import type { Storage } from "../storage/storage.ts";
import type { StageTimings } from "../jobs/job-parts.ts";
import type { Limits, Report, Work } from "../jobs/job-runner.ts";
import { summarizePlan } from "../plans/plan-view.ts";
import type { EditPlanner } from "../plans/edit-planner.ts";
import type { PromptEncoder } from "../plans/prompt-encoder.ts";
import { type Finisher, finishResult } from "../finishing/finish-result.ts";
import { describeResult, joinWarnings } from "./edit-result.ts";
import { scoreEmotion } from "./score-emotion.ts";
import { loadInput, storePicture } from "./stored-pictures.ts";

type Stage = "planning" | "encoding" | "editing" | "finishing";

/** Share of the whole that has passed when a stage begins, in percent; editing grows evenly up to the next. */
const percentageAt: Record<Stage, number> = { planning: 2, encoding: 25, editing: 30, finishing: 92 };

/** What the work of an edit stands on. */
export interface EditParts {
  readonly backends: Backends;
  readonly metrics: Metrics;
  readonly storage: Storage;
  readonly planner: EditPlanner;
  readonly encoder: PromptEncoder;
  readonly finisher: Finisher;
}

/** Work on a job whose pictures are in hand. */
export type PictureWork = (input: JobInput, report: Report, limits: Limits, job: Job) => Promise<JobChange>;

/** Work that fetches the job's pictures from the storage first. */
export function withPictures(storage: Storage, work: PictureWork): Work {
  return async (job, report, limits) => work(await loadInput(storage, job, limits.signal), report, limits, job);
}

/** The work of one edit: plan, encode the plan's prompts, edit under the plan, store the picture. */
export function createEditWork({ backends, metrics, storage, planner, encoder, finisher }: EditParts): PictureWork {
  return async (input, report, limits, job) => {
    const flags = await finisher.moderation.check("input", input.image.data, limits.signal);
    const clock = new StageClock(report, metrics);
    const plan = await clock.run("planning", () => planner.plan(job, input, callOptions(limits)));
    const known = joinWarnings(input.warnings, flags, plan.warnings);
    await report({ plan: summarizePlan(plan), warnings: known });
    const text = await clock.run("encoding", () => encoder.encode(plan, callOptions(limits)));
    const result = await runEditor(backends, { input, plan, text }, { clock, report, options: callOptions(limits) });
    const { picture, change } = describeResult(result, known);
    const edit = { input, edited: picture.data, recipe: change.recipe };
    const pictures = { emotion: input.settings.emotion, before: input.image, after: picture };
    const scores = input.settings.scores && (await scoreEmotion(backends, pictures, callOptions(limits)));
    const finished = await finishResult(finisher, edit, limits.signal);
    clock.end();
    return {
      ...change,
      ...(scores && { scores }),
      warnings: joinWarnings(change.warnings, finished.warnings),
      result: await storePicture(storage, finished.image, limits.signal),
      status: "succeeded",
      timings: { ...clock.timings, ...change.timings },
      progress: clock.finished,
    };
  };
}

async function runEditor(
  backends: Backends,
  { input, plan, text }: { input: JobInput; plan: common.EditPlan; text: diffusion.TextStates },
  { clock, report, options }: { clock: StageClock; report: Report; options: CallOptions },
): Promise<diffusion.EditResult> {
  const { settings, image } = input;
  const request = { image, plan, text, sampling: toSampling(settings), method: settings.method ?? "" };
  let result: diffusion.EditResult | undefined;
  await clock.begin("editing");
  try {
    for await (const { event } of backends.diffusion.edit(request, options)) {
      if (event?.$case === "accepted") await report({ progress: editingProgress(0, event.value.steps) });
      if (event?.$case === "progress") {
        const { step, steps, preview } = event.value;
        await report({ progress: editingProgress(step, steps), ...(preview && { preview }) });
        if (step === steps) await clock.begin("finishing", editingProgress(step, steps));
      }
      if (event?.$case === "result") result = event.value;
    }
  } catch (error) {
    throw nameService("diffusion", error);
  }
  if (!result) throw new MoodError("INTERNAL", "RESULT_MISSING", "diffusion ended the edit without a result.");
  return result;
}

function callOptions({ signal, deadline }: Limits): CallOptions {
  return { signal, deadlineMs: Math.max(1, deadline - Date.now()) };
}

function toSampling(settings: EditSettings): diffusion.Sampling {
  const { seed, steps, guidanceScale, crossReplace, selfReplace, featherPx, previewEvery } = settings;
  return { seed, steps, guidanceScale, crossReplace, selfReplace, featherPx, previewEvery };
}

function editingProgress(step: number, steps: number) {
  const { editing, finishing } = percentageAt;
  const percentage = Math.round(editing + ((finishing - editing) * step) / Math.max(1, steps));
  return { step, steps, percentage };
}

/** Reports the stages as they begin and measures them. */
class StageClock {
  timings: StageTimings = {};
  readonly #report: Report;
  readonly #metrics: Metrics;
  #stage: Stage | undefined;
  #since = 0;
  #steps = 0;

  constructor(report: Report, metrics: Metrics) {
    this.#report = report;
    this.#metrics = metrics;
  }

  get finished(): JobChange["progress"] & object {
    return { step: this.#steps, steps: this.#steps, percentage: 100 };
  }

  async run<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
    await this.begin(stage);
    const value = await work();
    this.end();
    return value;
  }

  async begin(stage: Stage, progress = { step: 0, steps: 0, percentage: percentageAt[stage] }): Promise<void> {
    this.end();
    this.#stage = stage;
    this.#since = performance.now();
    this.#steps = progress.steps;
    const status: JobStatus = stage;
    await this.#report({ status, progress, timings: this.timings });
  }

  end(): void {
    if (!this.#stage) return;
    const ms = performance.now() - this.#since;
    this.timings = { ...this.timings, [`${this.#stage}_ms`]: Math.round(ms * 10) / 10 };
    this.#metrics.stageDuration.observe({ stage: this.#stage }, ms / 1000);
    this.#stage = undefined;
  }
}
