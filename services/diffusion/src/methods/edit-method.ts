import type { Mask } from "@moodifier/tensor";
import type { LocalBlend } from "../attention/local-blend.ts";
import type { LoopHook } from "../pipeline/loop-hook.ts";
import type { TrajectoryKind } from "../trajectory/trajectory.ts";

/** Where an edit may act. Exactly one of the two is present. */
export interface EditSite {
  /** M_E at latent size, 1 = may change. */
  readonly mask?: Mask | undefined;
  /** Draws the mask from attention maps while the loop runs. */
  readonly blend?: LocalBlend | undefined;
}

/** One way to edit: settings of, and hooks on, the one denoise loop. */
export interface EditMethod {
  readonly name: string;
  /** One sentence with the source of the method. */
  readonly description: string;
  readonly trajectory: TrajectoryKind;
  /** Share of the noise levels that the edit goes through, 0..1; 1 starts from pure noise. */
  readonly strength: number;
  /** Whether the source's attention steers the target's. */
  readonly controlled: boolean;
  /** What tokens that replace source tokens do: keep their own maps (refine) or take those of the tokens they replace. */
  readonly cross: "refine" | "replace";
  /** Factor on the maps of the plan's blend words (reweight); 1 leaves them. */
  readonly emphasis: number;
  /** Whose cross-attention maps the target takes. */
  readonly crossFrom: "source" | "mutual";
  /** Whether the target keeps its own maps inside M_E (Eq. 7 of Moodifier). */
  readonly keepsRegion: boolean;
  /** The hooks, in order. */
  hooks(site: EditSite): LoopHook[];
}
