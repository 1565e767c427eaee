import type { NamedTensors } from "@moodifier/inference";
import { int64, tensor, zeros, type Tensor } from "@moodifier/tensor";
import type { CrossControl } from "../attention/controls.ts";
import { SOURCE_TEXT, TARGET_TEXT } from "../attention/phases.ts";
import type { RowPlan } from "../attention/rows.ts";

/** What stays the same over all steps of an edit. */
export interface DenoiserContext {
  /** Transformer layers of the denoiser. */
  readonly layers: number;
  readonly channels: number;
  /** Latent size in cells. */
  readonly height: number;
  readonly width: number;
  /** `[3, length, width]`: unconditional, source, target. */
  readonly text: { readonly length: number; readonly width: number; readonly data: Float32Array };
  /** Cross control of the target's text row. */
  readonly control: CrossControl;
  /** M_E at latent size (`[height, width]`, 1 = may change), inside which the target keeps its own maps (Eq. 7); undefined for none. */
  readonly region: Float32Array | undefined;
}

/** Noisy latents of the branches: source, target, mutual. */
export type BranchLatents = readonly [Float32Array, Float32Array, Float32Array];

/** Makes the denoiser's inputs. The inputs that depend on the row plan only are made once for each plan. */
export class DenoiserBatches {
  readonly #context: DenoiserContext;
  readonly #fixed = new Map<RowPlan, Record<string, Tensor>>();

  constructor(context: DenoiserContext) {
    this.#context = context;
  }

  /** The inputs of one step. */
  feeds(plan: RowPlan, timestep: number, latents: BranchLatents): NamedTensors {
    const { channels, height, width } = this.#context;
    const size = channels * height * width;
    const sample = new Float32Array(plan.rows.length * size);
    plan.rows.forEach((row, at) => sample.set(latents[row % 3]!, at * size));
    return {
      ...this.#fixedFeeds(plan),
      sample: tensor("float32", [plan.rows.length, channels, height, width], sample),
      timestep: tensor("int64", [plan.rows.length], new BigInt64Array(plan.rows.length).fill(BigInt(timestep))),
    };
  }

  #fixedFeeds(plan: RowPlan): Record<string, Tensor> {
    let feeds = this.#fixed.get(plan);
    if (!feeds) {
      feeds = { ...this.#textFeeds(plan), ...this.#attentionFeeds(plan) };
      this.#fixed.set(plan, feeds);
    }
    return feeds;
  }

  #textFeeds(plan: RowPlan): Record<string, Tensor> {
    const { length, width, data } = this.#context.text;
    const size = length * width;
    const text = new Float32Array(plan.rows.length * size);
    plan.rows.forEach((row, at) => {
      const index = row < SOURCE_TEXT ? 0 : row === TARGET_TEXT ? 2 : 1;
      text.set(data.subarray(index * size, (index + 1) * size), at * size);
    });
    return { text: tensor("float32", [plan.rows.length, length, width], text) };
  }

  #attentionFeeds(plan: RowPlan): Record<string, Tensor> {
    const { layers, height, width, control, region } = this.#context;
    const batch = plan.rows.length;
    const everyLayer = (rows: readonly number[]) =>
      int64([layers, batch], Array.from({ length: layers }, () => rows).flat());
    const { length } = control;
    const map = zeros("float32", [batch, length, length]);
    const keep = zeros("float32", [batch, length]);
    const inside = zeros("float32", [batch, 1, height, width]);
    plan.crossGate.forEach((gate, at) => {
      if (gate > 0) {
        map.data.set(control.map, at * length * length);
        keep.data.set(control.keep, at * length);
        inside.data.set(region ?? [], at * height * width);
      } else {
        for (let j = 0; j < length; j++) {
          map.data[at * length * length + j * length + j] = 1;
        }
      }
    });
    return {
      self_q: everyLayer(plan.q),
      self_k: everyLayer(plan.k),
      self_v: everyLayer(plan.v),
      cross_source: int64([batch], plan.crossSource),
      cross_map: map,
      cross_keep: keep,
      cross_gate: tensor("float32", [batch], Float32Array.from(plan.crossGate)),
      region: inside,
      feature_source: int64([batch], plan.rows.keys()),
    };
  }
}
