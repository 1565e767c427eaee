import type { ProductCategory } from "../../src/products/catalogue.ts";
import type { Kit } from "../kit.ts";
import { buildBag } from "./bag.ts";
import { buildBracelet } from "./bracelet.ts";
import { buildClothes } from "./clothes.ts";
import { buildEarring } from "./earring.ts";
import { buildNecklace } from "./necklace.ts";
import { buildRing } from "./ring.ts";
import type { Frame } from "./frame.ts";
import { buildVase } from "./vase.ts";

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
