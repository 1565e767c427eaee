import {
  compose,
  partBoxes,
  regionsOf,
  unionBox,
  type Annotation,
  type Box,
  type Region,
  type Stimulus,
} from "../annotation.ts";
import type { PartName } from "../parts.ts";
import { createRandom } from "../random.ts";
import type { Rendered } from "../rendered.ts";
import { BACKDROP_COLOURS, BACKDROPS, CATALOGUE, LIGHTS, type ProductCategory } from "./catalogue.ts";
import type { ProductScene } from "./scene.ts";
import { FINISH_WORDS, ORNAMENT_WORDS, PATTERN_WORDS, postureWords } from "./words.ts";

/** The parts of each category's masks; the first is the product itself. */
export const PRODUCT_PARTS: Readonly<Record<ProductCategory, readonly PartName[]>> = {
  bag: ["bag", "handle", "ornament"],
  bracelet: ["bracelet", "stone", "ornament"],
  clothes: ["clothes", "sleeves", "ornament"],
  earring: ["earring", "stone", "ornament"],
  necklace: ["necklace", "stone", "ornament"],
  ring: ["ring", "stone", "ornament"],
  vase: ["vase", "flowers", "ornament"],
};

/** What the three stimuli speak of: nouns that mean the same, and whether they are plural. The identity picks one of each. */
const SUBJECTS: Readonly<Record<ProductCategory, readonly [readonly string[], readonly string[], readonly string[]]>> =
  {
    bag: [
      ["leather", "material", "body"],
      ["surface", "outside", "front"],
      ["shape", "handle", "form"],
    ],
    bracelet: [
      ["band", "bracelet", "jewel"],
      ["metal", "surface", "finish"],
      ["line", "shape", "circle"],
    ],
    clothes: [
      ["fabric", "cloth", "garment"],
      ["textile", "surface", "material"],
      ["cut", "silhouette", "line"],
    ],
    earring: [
      ["pair", "jewel", "design"],
      ["metal", "surface", "finish"],
      ["drop", "shape", "line"],
    ],
    necklace: [
      ["pendant", "necklace", "jewel"],
      ["chain", "surface", "metal"],
      ["line", "shape", "drape"],
    ],
    ring: [
      ["stone", "ring", "jewel"],
      ["band", "metal", "surface"],
      ["setting", "shape", "head"],
    ],
    vase: [
      ["glaze", "vase", "body"],
      ["surface", "wall", "outside"],
      ["neck", "shape", "outline"],
    ],
  };

const OPENINGS = [
  "A photo of",
  "A product photo of",
  "A picture of",
  "A catalogue picture of",
  "A close view of",
  "A shop photo of",
  "A studio picture of",
  "A photograph showing",
];
const COLOUR_VERBS = ["is", "looks", "appears", "comes in", "is coloured", "is done in"];
const SURFACE_VERBS = ["is", "looks", "feels", "appears"];
const SHAPE_VERBS = ["is", "looks", "stays", "appears"];
const JOINS = ["and", "with", "next to"];
const STAND_WORDS: Readonly<Record<string, readonly string[]>> = {
  floor: [""],
  roll: [" on a display roll", " worn on a cushioned bar"],
  wrist: [" on a wrist form", " worn on a display hand"],
  form: [" on a dress form", " worn by a tailor's dummy"],
  hanger: [" on a hanger", " hung from a rail"],
  ear: [" worn on a display ear", " in the ear of a bust"],
  bar: [" on an earring stand", " hung from a bar"],
  card: [" on a jewellery card", " pinned to a card"],
  bust: [" on a bust", " worn by a display bust"],
  board: [" on a display board", " laid on a board"],
  slot: [" in a ring cushion", " between two cushions"],
  cone: [" on a ring cone", " worn by a cone"],
};
const METAL_WORDS = (metal: string): string => ` ${metal}`;

/**
 * Describes a product. The grammar (nouns, verbs, order) is drawn from the identity alone, so that the captions of a product
 * and of its true edit have the same words wherever the emotion shows nothing.
 */
export function annotateProduct(scene: ProductScene, rendered: Rendered): Annotation {
  const { category, identity: it, look, seed } = scene;
  const grammar = createRandom("grammar", "product-1", category, seed);
  const family = CATALOGUE[category].families[it.family]!;
  const jewellery = category === "ring" || category === "bracelet" || category === "earring" || category === "necklace";
  const made = jewellery ? METAL_WORDS(it.metal) : ` ${it.material}`;
  const stand = grammar.pick(STAND_WORDS[it.stand] ?? [""]);
  const backdrop = BACKDROPS[it.backdrop]!.replace("%colour", BACKDROP_COLOURS[it.backdropColour]!);
  const preposition = it.backdrop === "wall" || it.backdrop === "arch" ? "at" : "on";
  const plural = family.endsWith("earrings") ? "a pair of" : "a";
  const noun = `${plural}${made} ${family}${stand}`
    .replace("pair of trousers", "trousers")
    .replace(/^a (\S+ )trousers/, "$1trousers");
  const where = `${preposition} ${backdrop}`.replace("at a table", "on a table").replace("at a", "in a");
  const light = LIGHTS[it.light]!;
  const opening = grammar.pick(OPENINGS);
  const summary = article(
    grammar.next() < 0.5 ? `${opening} ${noun} ${where} ${light}.` : `${opening} ${noun} ${light} ${where}.`,
  );

  const [colourNouns, surfaceNouns, shapeNouns] = SUBJECTS[category];
  const [a, b, c] = [grammar.pick(colourNouns), grammar.pick(surfaceNouns), grammar.pick(shapeNouns)];
  const way = (table: Readonly<Record<string, readonly string[]>>, name: string): string => {
    const ways = table[name] ?? [name];
    return ways[createRandom("way", seed, name).below(ways.length)]!;
  };
  const colours = `The ${a} ${grammar.pick(COLOUR_VERBS)} ${look.main.name} ${grammar.pick(JOINS)} ${look.accent.name}.`;
  const surface = `The ${b} ${grammar.pick(SURFACE_VERBS)} ${way(FINISH_WORDS, look.finish)} with ${way(PATTERN_WORDS, look.pattern)}.`;
  const shape = `The ${c} ${grammar.pick(SHAPE_VERBS)} ${postureWords(look, seed)} with ${way(ORNAMENT_WORDS, look.ornament)}.`;

  const boxes = partBoxes(rendered);
  const parts = PRODUCT_PARTS[category];
  const all = parts.map((part) => boxes.get(part)).filter((box) => box !== undefined);
  const whole: Box = all.length > 0 ? unionBox(all) : [0, 0, 0.99, 0.99];
  const main = parts[0]!;
  const stimulus = (part: PartName, text: string): Stimulus => ({ part, text, box: boxes.get(part) ?? whole });
  const gem = boxes.has("stone") && (a === "stone" || a === "pendant") ? "stone" : main;
  const last: Stimulus = boxes.has("ornament") ? stimulus("ornament", shape) : { part: main, text: shape, box: whole };
  return compose(summary, [stimulus(gem, colours), stimulus(main, surface), last], scene.emotion);
}

/** Everything about a product may change; the regions are its parts. */
export function changedProductRegions(scene: ProductScene, a: Rendered, b: Rendered): Region[] {
  return regionsOf(PRODUCT_PARTS[scene.category], a, b);
}

function article(text: string): string {
  return text.replaceAll(/\b([Aa]) (?=[aeiou])/g, "$1n ");
}
