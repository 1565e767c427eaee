import { clip, common, diffusion } from "@moodifier/proto";
import { type CallOptions, type Metrics, MoodError } from "@moodifier/service-kit";
import { type Backends, callBackend, nameService } from "../backends/backends.ts";
import type { EditSettings, JobChange, JobInput, JobStatus } from "../jobs/job.ts";
import type { StageTimings } from "../jobs/job-parts.ts";
import type { Limits, Report, Work } from "../jobs/job-runner.ts";
import { summarizePlan } from "../plans/plan-view.ts";
import { describeResult, joinWarnings } from "./edit-result.ts";

type Stage = "planning" | "encoding" | "editing" | "finishing";

/** Share of the whole that has passed when a stage begins, in percent; editing grows evenly up to the next. */
const percentageAt: Record<Stage, number> = { planning: 2, encoding: 25, editing: 30, finishing: 92 };

/** The work of one edit: plan, encode the plan's prompts, edit under the plan. */
export function createEditWork(backends: Backends, metrics: Metrics): Work {
  return async (input, report, limits) => {
    const clock = new StageClock(report, metrics);
    const plan = await clock.run("planning", () => planEdit(backends, input, callOptions(limits)));
    await report({ plan: summarizePlan(plan), warnings: joinWarnings(input.warnings, plan.warnings) });
    const text = await clock.run("encoding", () => encodePrompts(backends, plan, callOptions(limits)));
    const result = await runEditor(backends, { input, plan, text }, { clock, report, options: callOptions(limits) });
    const change = describeResult(result, joinWarnings(input.warnings, plan.warnings));
    return {
      ...change,
      status: "succeeded",
      timings: { ...clock.timings, ...change.timings },
      progress: clock.finished,
    };
  };
}

/** Asks the planner; the caller's mask takes the place of the planned one. */
export async function planEdit(
  backends: Backends,
  { settings, image, mask }: JobInput,
  options: CallOptions,
): Promise<common.EditPlan> {
  const request = {
    image,
    emotion: settings.emotion,
    intensity: settings.intensity,
    region: settings.region,
    category: settings.category,
  };
  const { plan } = await callBackend("mllm", () => backends.mllm.planEdit(request, options));
  if (!plan) throw new MoodError("INTERNAL", "PLAN_MISSING", "mllm answered without a plan.");
  return mask ? { ...plan, maskPng: mask.png, maskSource: common.MaskSource.USER } : plan;
}

async function encodePrompts(
  backends: Backends,
  plan: common.EditPlan,
  options: CallOptions,
): Promise<diffusion.TextStates> {
  const request = {
    texts: ["", plan.sourceCaption, plan.targetPrompt],
    output: clip.TextOutput.TOKENS,
    truncate: false,
  };
  const { states, tokens } = await callBackend("clip", () => backends.clip.encodeText(request, options));
  return { states, source: tokens[1], target: tokens[2] };
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
  clock.end();
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
