import { ddimInversion, directInversion, noiseAndDenoise } from "../trajectory/ddim.ts";
import { virtualInversion } from "../trajectory/virtual-inversion.ts";
import type { EditMethod } from "./edit-method.ts";
import { followMutual, keepSource, leaveTarget } from "./site-hooks.ts";

/** The method of a request that names none. */
export const DEFAULT_METHOD = "moodifier";

/** What most methods share. */
const PLAIN = {
  trajectory: virtualInversion,
  strength: 1,
  controlled: true,
  cross: "refine",
  emphasis: 1,
  crossFrom: "source",
} as const;

/** A published editor, without a region map in the loop; a mask acts at the paste-back only. */
const BASELINE = { ...PLAIN, keepsRegion: false, hooks: leaveTarget } as const;

const METHODS: readonly EditMethod[] = [
  {
    ...PLAIN,
    name: DEFAULT_METHOD,
    description:
      "Moodifier's Algorithm 1: virtual inversion, refined cross-attention outside the region map, and the source composited outside it at every step.",
    keepsRegion: true,
    hooks: keepSource,
  },
  {
    ...PLAIN,
    name: "word-swap",
    description:
      "Prompt-to-Prompt's Replace and Reweight (Hertz et al. 2022) inside the region map: changed words draw in the shape of the words they replace; for colour and material.",
    cross: "replace",
    emphasis: 2,
    keepsRegion: false,
    hooks: keepSource,
  },
  {
    ...PLAIN,
    name: "inversion-free",
    description:
      "InfEdit's unified attention control (Xu et al. 2024) without a region map in the loop: the mutual branch lends its maps; the mask acts at the paste-back only.",
    crossFrom: "mutual",
    keepsRegion: false,
    hooks: followMutual,
  },
  {
    ...BASELINE,
    name: "ddim-inversion",
    description:
      "DDIM inversion (Song et al. 2021) and Prompt-to-Prompt's Refine (Hertz et al. 2022): a baseline; the source drifts.",
    trajectory: ddimInversion,
  },
  {
    ...BASELINE,
    name: "direct-inversion",
    description:
      "Direct inversion (Ju et al. 2024) and Prompt-to-Prompt's Refine: a baseline; the source is put back on its path.",
    trajectory: directInversion,
  },
  {
    ...BASELINE,
    name: "sdedit",
    description:
      "SDEdit (Meng et al. 2022): noise on the source, taken away under the target prompt alone: a baseline.",
    trajectory: noiseAndDenoise,
    strength: 0.75,
    controlled: false,
  },
];

/** All methods, the default first. */
export function listMethods(): readonly EditMethod[] {
  return METHODS;
}

/** The method of this name, or undefined. */
export function findMethod(name: string): EditMethod | undefined {
  return METHODS.find((method) => method.name === name);
}
