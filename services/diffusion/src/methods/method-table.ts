import type { EditMethod } from "./edit-method.ts";
import { followMutual, keepSource } from "./site-hooks.ts";

/** The method of a request that names none. */
export const DEFAULT_METHOD = "moodifier";

const METHODS: readonly EditMethod[] = [
  {
    name: DEFAULT_METHOD,
    description:
      "Moodifier's Algorithm 1: virtual inversion, refined cross-attention outside the region map, and the source composited outside it at every step.",
    cross: "refine",
    emphasis: 1,
    crossFrom: "source",
    keepsRegion: true,
    hooks: keepSource,
  },
  {
    name: "word-swap",
    description:
      "Prompt-to-Prompt's Replace and Reweight (Hertz et al. 2022) inside the region map: changed words draw in the shape of the words they replace; for colour and material.",
    cross: "replace",
    emphasis: 2,
    crossFrom: "source",
    keepsRegion: false,
    hooks: keepSource,
  },
  {
    name: "inversion-free",
    description:
      "InfEdit's unified attention control (Xu et al. 2024) without a region map in the loop: the mutual branch lends its maps; the mask acts at the paste-back only.",
    cross: "refine",
    emphasis: 1,
    crossFrom: "mutual",
    keepsRegion: false,
    hooks: followMutual,
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
