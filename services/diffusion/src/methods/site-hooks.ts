import type { Mask } from "@moodifier/tensor";
import type { LocalBlend } from "../attention/local-blend.ts";
import { SOURCE_TEXT, TARGET_TEXT } from "../attention/phases.ts";
import type { LoopHook } from "../pipeline/loop-hook.ts";
import type { EditSite } from "./edit-method.ts";

/** Share of the steps that pass before the local blend acts: the first maps show little. */
const BLEND_DELAY = 0.2;

/** Outside M_E (or where the attention maps show no edit) the target becomes the source again, at every step. */
export function keepSource(site: EditSite): LoopHook[] {
  const mask = site.mask ? [compositeHook(site.mask)] : [];
  return site.blend ? [...mask, blendHook(site.blend, "source")] : mask;
}

/** Where the attention maps show no edit the target becomes the mutual branch, as in InfEdit; a given M_E does not act on the loop. */
export function followMutual(site: EditSite): LoopHook[] {
  return site.blend ? [blendHook(site.blend, "mutual")] : [];
}

/** The loop leaves the target as it comes, save where attention maps show no edit; a given M_E does not act on the loop. */
export function leaveTarget(site: EditSite): LoopHook[] {
  return site.blend ? [blendHook(site.blend, "source")] : [];
}

/** Line 11 of Moodifier's Algorithm 1: x_0 + m (x̂0 - x_0), for the mask m at latent size. */
function compositeHook(mask: Mask): LoopHook {
  return { afterEstimate: ({ clean, target }) => mix(clean, target, mask) };
}

function blendHook(blend: LocalBlend, fill: "source" | "mutual"): LoopHook {
  return {
    mapRows: [SOURCE_TEXT, TARGET_TEXT],
    readsMutual: fill === "mutual",
    afterEstimate(state) {
      blend.add(state.map(SOURCE_TEXT), state.map(TARGET_TEXT));
      const mask = blend.mask();
      const late = (state.index + 1) / state.steps > BLEND_DELAY;
      const base = fill === "mutual" ? state.mutual : state.clean;
      return late && mask && base ? mix(base, state.target, mask) : state.target;
    },
  };
}

/** base + mask (top - base) for `[channels, h, w]`; bit for bit the base where the mask is 0 and the top where it is 1. */
function mix(base: Float32Array, top: Float32Array, mask: Mask): Float32Array {
  const cells = mask.data.length;
  return top.map((value, i) => {
    const weight = mask.data[i % cells]!;
    const under = base[i]!;
    return weight >= 1 ? value : weight <= 0 ? under : under + weight * (value - under);
  });
}
