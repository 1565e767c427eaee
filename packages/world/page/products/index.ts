import type { ProductCategory } from "../../src/products/catalogue.ts";
import type { Kit } from "../kit.ts";
import { buildBag } from "./bag.ts";
import { buildBracelet } from "./bracelet.ts";
import { buildClothes } from "./clothes.ts";
import { buildEarring } from "./earring.ts";
import { buildNecklace } from "./necklace.ts";
import { buildRing } from "./ring.ts";
import { buildVase } from "./vase.ts";

/** How a posture applies to what was built. */
export interface Frame {
  /** Heights of the end that stays where it is and of the free end. */
  readonly fixed: number;
  readonly free: number;
  /** How far posture shows (1 = as on a vase), and how far edges and dents do. */
  readonly strength?: number;
  readonly roughness?: number;
  /** Vertical axes about which each part of a pair bends, by x. */
  readonly pivots?: readonly number[];
}

/** Builds each category's product into a kit. */
export const BUILDERS: Readonly<Record<ProductCategory, (kit: Kit) => Frame>> = {
  bag: buildBag,
  bracelet: buildBracelet,
  clothes: buildClothes,
  earring: buildEarring,
  necklace: buildNecklace,
  ring: buildRing,
  vase: buildVase,
};
