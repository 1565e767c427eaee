import { common } from "@moodifier/proto";
import { type CallOptions, MoodError } from "@moodifier/service-kit";
import { type Backends, callBackend } from "../backends/backends.ts";
import type { Job, JobInput } from "../jobs/job.ts";
import { keyOf } from "../storage/object-key.ts";
import { applyPlan } from "./apply-plan.ts";
import { contentKey, type ContentCache } from "./content-cache.ts";
import type { PlanStore } from "./plan-store.ts";

/** What is to be planned. */
export type PlanInput = Pick<JobInput, "settings" | "image" | "mask">;

/** Finds the plan of an edit: a stored one, one that was made before for the same picture and wish, or a new one. */
export class EditPlanner {
  readonly #backends: Backends;
  readonly #plans: PlanStore;
  readonly #cache: ContentCache;

  constructor(backends: Backends, plans: PlanStore, cache: ContentCache) {
    this.#backends = backends;
    this.#plans = plans;
    this.#cache = cache;
  }

  /** The plan that a job follows. Errors: those of the planner; NOT_FOUND (PLAN_NOT_FOUND) when the stored plan is gone. */
  async plan(job: Pick<Job, "tenantId" | "input">, input: JobInput, options: CallOptions): Promise<common.EditPlan> {
    const { planId } = job.input;
    if (planId === undefined) return this.make(input, options);
    const stored = await this.#plans.read(job.tenantId, planId);
    return applyPlan(this.#backends, stored, { ...input, imageKey: job.input.image.key }, options);
  }

  /** Asks the planner, unless the same was asked before; the caller's mask takes the place of the planned one. */
  async make({ settings, image, mask }: PlanInput, options: CallOptions): Promise<common.EditPlan> {
    const { emotion, intensity, region, category } = settings;
    const wish = { image: keyOf(image.data), emotion, intensity, region, category };
    const bytes = await this.#cache.find("plan", contentKey(wish), async () => {
      const request = { image, emotion, intensity, region, category };
      const { plan } = await callBackend("mllm", () => this.#backends.mllm.planEdit(request, options));
      if (!plan) throw new MoodError("INTERNAL", "PLAN_MISSING", "mllm answered without a plan.");
      return { model: plan.modelId, value: Buffer.from(common.EditPlan.encode(plan).finish()) };
    });
    const plan = common.EditPlan.decode(bytes);
    return mask ? { ...plan, maskPng: mask.png, maskSource: common.MaskSource.USER } : plan;
  }
}
