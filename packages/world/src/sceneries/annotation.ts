import { compose, partBoxes, regionsOf, type Annotation, type Box, type Region } from "../annotation.ts";
import type { PartName } from "../parts.ts";
import { createRandom } from "../random.ts";
import type { Rendered } from "../rendered.ts";
import { SCENERIES, type SceneryContext, type SceneryScene } from "./scene.ts";

/** The parts that a place divides into; together they cover the picture. */
export const SCENERY_PARTS: Readonly<Record<SceneryContext, readonly PartName[]>> = {
  natural: ["sky", "land", "plants"],
  urban: ["sky", "land", "buildings"],
};

const TIMES: Readonly<Record<string, readonly string[]>> = {
  dawn: ["at dawn", "at first light"],
  morning: ["in the morning", "in morning light"],
  noon: ["at noon", "in the middle of the day"],
  golden: ["in golden evening light", "in late golden light"],
  dusk: ["at dusk", "after sunset"],
  night: ["at night", "in the dark of night"],
  overcast: ["under an overcast sky", "on a grey day"],
  storm: ["before a storm", "under storm light"],
};
const WEATHERS: Readonly<Record<string, readonly string[]>> = {
  clear: ["clear", "open and clear"],
  clouds: ["full of soft clouds", "dotted with clouds"],
  mist: ["veiled in mist", "lost in mist"],
  haze: ["thick with haze", "hazy and stale"],
  drizzle: ["grey with drizzle", "wet with drizzle"],
  rain: ["heavy with rain", "streaming with rain"],
  snow: ["white with falling snow", "full of snow"],
  storm: ["dark with storm clouds", "stormy"],
  lightning: ["torn by lightning", "split by lightning"],
  rainbow: ["crossed by a rainbow", "bright with a rainbow"],
  stars: ["full of stars", "bright with stars"],
  smoke: ["black with smoke", "choked with smoke"],
  petals: ["full of drifting petals", "scattered with petals"],
};
const GROWTH: Readonly<Record<string, readonly string[]>> = {
  plain: ["plain and quiet", "ordinary and calm"],
  lush: ["lush and green", "richly green"],
  blossom: ["in full blossom", "covered with blossom"],
  autumn: ["turning with autumn", "red and brown with autumn"],
  bare: ["bare and leafless", "stripped and bare"],
  withered: ["withered and brown", "dry and withered"],
};
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  none: ["nothing stirring", "no one about"],
  birds: ["birds in flight", "a flock of birds"],
  rays: ["broad rays of light", "shafts of light"],
  lanterns: ["glowing lanterns", "warm floating lanterns"],
  balloons: ["rising balloons", "bright balloons"],
  confetti: ["flying confetti", "confetti in the air"],
  fireflies: ["glowing fireflies", "drifting fireflies"],
  fireworks: ["fireworks", "bursting fireworks"],
  butterflies: ["fluttering butterflies", "many butterflies"],
  hearts: ["floating hearts", "hearts in the air"],
  banners: ["waving banners", "tall banners"],
  fire: ["open fires", "burning fires"],
  crows: ["circling crows", "black crows"],
  flies: ["swarming flies", "a cloud of flies"],
  leaves: ["falling leaves", "blown leaves"],
  eyes: ["eyes in the dark", "watching eyes"],
};
const OPENINGS = [
  "A view of",
  "A picture of",
  "A wide view of",
  "A scene of",
  "A landscape with",
  "A photo of",
  "A quiet view of",
  "An open view of",
];

/** Describes a place; the grammar depends on the identity only. */
export function annotateScenery(scene: SceneryScene, rendered: Rendered): Annotation {
  const { category, identity, mood, seed } = scene;
  const grammar = createRandom("grammar", "scenery-1", category, seed);
  const way = (table: Readonly<Record<string, readonly string[]>>, name: string): string => {
    const ways = table[name] ?? [name];
    return ways[createRandom("way", seed, name).below(ways.length)]!;
  };
  const place = (SCENERIES[category] as Readonly<Record<string, string>>)[identity.family]!;
  const sides =
    identity.bearing < 0
      ? ["lit from the left", "with light from the left"]
      : ["lit from the right", "with light from the right"];
  const height =
    identity.eye > 1.2 ? ["seen from above", "from a raised place"] : ["seen from the ground", "at eye level"];
  const opening = grammar.pick(OPENINGS);
  const angle =
    identity.fieldOfView > 53 ? ["in a wide frame", "with a wide lens"] : ["in a close frame", "with a long lens"];
  const parts = [grammar.pick(sides), grammar.pick(height), grammar.pick(angle)];
  const summary = `${opening} ${place} ${grammar.next() < 0.5 ? parts.join(" ") : parts.toReversed().join(" ")}.`;
  const sky = `The sky ${grammar.pick(["is", "looks", "appears", "hangs"])} ${mood.tint[0]} ${way(TIMES, mood.time)} and ${way(WEATHERS, mood.weather)}.`;
  const green = `The ${grammar.pick(["plants", "trees", "leaves"])} ${grammar.pick(["are", "look", "stand", "appear"])} ${way(GROWTH, mood.growth)} ${grammar.pick(["in", "under", "against"])} ${mood.second[0]} light.`;
  const sign = `The ${grammar.pick(["air", "place", "view"])} ${grammar.pick(["holds", "shows", "has"])} ${way(SIGNS, mood.sign)}.`;
  const boxes = partBoxes(rendered);
  const whole: Box = [0, 0, 0.99, 0.99];
  const [top, ground, third] = SCENERY_PARTS[category] as readonly [PartName, PartName, PartName];
  const box = (part: PartName): Box => boxes.get(part) ?? whole;
  return compose(
    summary,
    [
      { part: top, text: sky, box: box(top) },
      { part: category === "natural" ? third : ground, text: green, box: box(category === "natural" ? third : ground) },
      { part: top, text: sign, box: box(top) },
    ],
    scene.emotion,
  );
}

export function changedSceneryRegions(scene: SceneryScene, a: Rendered, b: Rendered): Region[] {
  return regionsOf(SCENERY_PARTS[scene.category], a, b);
}
