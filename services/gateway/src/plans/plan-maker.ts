import { planRequestSchema } from "../edits/edit-fields.ts";
import { toSettings } from "../edits/edit-request.ts";
import { loadPicture, storePicture } from "../edits/stored-pictures.ts";
import { readSourcePicture } from "../edits/source-picture.ts";
import type { Backends } from "../backends/backends.ts";
import { checkFields } from "../http/checked-fields.ts";
import { readIdempotencyKey } from "../http/idempotency-key.ts";
import type { RequestBody } from "../http/upload.ts";
import { keyOf } from "../storage/object-key.ts";
import type { Storage } from "../storage/storage.ts";
import { applyPlan } from "./apply-plan.ts";
import type { EditPlanner } from "./edit-planner.ts";
import { changePlan, type PlanChange } from "./plan-change.ts";
import type { PlanStore, StoredPlan } from "./plan-store.ts";

export interface PlanParts {
  readonly backends: Backends;
  readonly planner: EditPlanner;
  readonly store: PlanStore;
  readonly storage: Storage;
}

/** Makes and changes stored plans. */
export class PlanMaker {
  readonly #parts: PlanParts;

  constructor(parts: PlanParts) {
    this.#parts = parts;
  }

  /**
   * Plans the edit that a request describes and stores the plan; a request with the Idempotency-Key `key` of an earlier one gets that one's plan, free of charge.
   * `charge` may refuse it before the planner works.
   */
  async make(
    body: RequestBody,
    options: { tenantId: string; key: string | string[] | undefined; signal: AbortSignal; charge: () => Promise<void> },
  ): Promise<{ stored: StoredPlan; replayed: boolean; overlay: boolean }> {
    const { planner, store, storage } = this.#parts;
    const { tenantId, key, signal } = options;
    const { overlay, name, ...fields } = checkFields(planRequestSchema, body);
    const settings = toSettings({ ...fields, seed: 0n, preview_every: 0, scores: false });
    const source = await readSourcePicture(body, signal);
    const idempotency = readIdempotencyKey(key, { settings, name, files: keysOf(body) });
    const earlier = idempotency && (await store.findRepeated(tenantId, idempotency));
    if (earlier) return { stored: earlier, replayed: true, overlay };
    await options.charge();
    const plan = await planner.make({ settings, ...source }, { signal });
    const image = await storePicture(storage, source.image, signal);
    const { width, height, warnings } = source;
    const given = { tenantId, plan, image, width, height, warnings, ...(name !== undefined && { name }) };
    return { ...(await store.add(given, idempotency)), overlay };
  }

  /** Changes a draft. New regions get new masks on the picture that was planned. */
  async change(known: StoredPlan, change: PlanChange, signal: AbortSignal): Promise<StoredPlan> {
    const { backends, store, storage } = this.#parts;
    let plan = changePlan(known.plan, change);
    if (change.regions) {
      const image = await loadPicture(storage, known.image, signal);
      const { width, height } = known;
      plan = await applyPlan(
        backends,
        { plan, image: known.image },
        { image, width, height, imageKey: "" },
        { signal },
      );
    }
    return store.change(known, { plan, ...(change.name !== undefined && { name: change.name }) });
  }
}

function keysOf({ files }: RequestBody): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, { data }]) => [name, keyOf(data)]));
}
