import { compose, partBoxes, regionsOf, type Annotation, type Region, type Stimulus } from "../../annotation.ts";
import { hashKey } from "../../random.ts";
import type { Rendered } from "../../rendered.ts";
import { BACKGROUNDS } from "../styles/background.ts";
import type { Controls } from "./controls.ts";
import { CUTS, EXTRAS, EYES, HAIRS, SKINS, TOPS, type ParametricScene } from "./scene.ts";

/** The first phrase list whose test holds describes a part; the last always does. */
type Words = readonly (readonly [test: (c: Controls) => boolean, ways: readonly string[]])[];

const MOUTH: Words = [
  [(c) => c.tongue > 0.3 && c.smile > 0.4, ["a big laugh with the tongue showing", "laughing with the tongue out"]],
  [(c) => c.tongue > 0.3, ["twisted with the tongue out", "grimacing with the tongue pushed out"]],
  [(c) => c.jaw > 0.45 && c.smile > 0.5, ["open wide in a laugh", "a wide open smile with teeth"]],
  [(c) => c.jaw > 0.5, ["dropped open and round", "wide open in an oval"]],
  [(c) => c.teeth > 0.6 && c.smile < 0.2, ["pulled back over clenched teeth", "stretched with bared teeth"]],
  [(c) => c.jaw > 0.07 && c.smile > 0.4, ["an open smile", "smiling with parted lips"]],
  [(c) => c.jaw > 0.2 && c.smile < -0.3, ["open and turned down", "open in a sob"]],
  [(c) => c.jaw > 0.07, ["slightly parted", "a little open"]],
  [(c) => c.tremble > 0.2, ["a trembling wavy line", "quivering unevenly"]],
  [(c) => Math.abs(c.unevenMouth) > 0.3, ["a line slanting to one side", "crooked with one corner up"]],
  [(c) => c.smile > 0.4, ["a closed smile", "curved up at both corners"]],
  [(c) => c.smile > 0.12, ["a faint smile", "curved up a little"]],
  [(c) => c.smile < -0.5, ["turned down hard at the corners", "bent down in a deep frown"]],
  [(c) => c.smile < -0.12, ["turned down a little", "a slight frown"]],
  [() => true, ["closed and level", "a calm straight line"]],
];
const EYES_WORDS: Words = [
  [(c) => c.tears > 0.4 && c.open < 0.25, ["squeezed shut with streaming tears", "closed and pouring tears"]],
  [(c) => c.tears > 0.15, ["brimming with tears", "wet with tears running down"]],
  [(c) => c.open < 0.25 && c.squint > 0.35, ["closed in happy arcs", "shut in upward curves"]],
  [(c) => c.open < 0.25, ["gently shut", "closed with lowered lids"]],
  [(c) => c.wink > 0.5, ["one open and one winking", "winking on one side"]],
  [(c) => c.open > 1.3, ["stretched wide and staring", "very wide open"]],
  [(c) => c.open > 1.1, ["wide and round", "wide open"]],
  [(c) => c.lookY > 0.4, ["cast down", "looking down at the ground"]],
  [(c) => c.lookY < -0.4, ["looking up", "raised to the sky"]],
  [(c) => Math.abs(c.lookX) > 0.4, ["glancing sideways", "turned to one side"]],
  [(c) => c.squint > 0.5, ["narrowed by raised cheeks", "creased and smiling"]],
  [(c) => c.open < 0.7, ["half closed", "heavy lidded"]],
  [() => true, ["open and calm", "relaxed and open"]],
];
const BROWS: Words = [
  [(c) => c.innerBrow < -0.35, ["drawn down to the nose", "slanted inwards and knit"]],
  [(c) => Math.abs(c.unevenBrows) > 0.35, ["uneven with one raised", "one up and one down"]],
  [(c) => c.innerBrow > 0.45 && c.outerBrow < 0.05, ["bent up in the middle", "sloping down outwards"]],
  [(c) => c.innerBrow > 0.5 && c.outerBrow > 0.4, ["raised high", "lifted in high arches"]],
  [(c) => c.knit > 0.3, ["drawn together", "pulled to the middle"]],
  [(c) => c.innerBrow + c.outerBrow > 0.45, ["softly lifted", "raised a little"]],
  [() => true, ["relaxed and level", "calm and straight"]],
];

/** Every way in which captions of parametric faces speak of a part; completes "The mouth is ...". */
export function parametricWords(part: "mouth" | "eyes" | "eyebrows"): string[] {
  return { mouth: MOUTH, eyes: EYES_WORDS, eyebrows: BROWS }[part].flatMap(([, ways]) => ways);
}

/** Describes a parametric face; the words follow the muscles, the grammar follows the person. */
export function annotateParametric(scene: ParametricScene, rendered: Rendered): Annotation {
  const { identity: who, controls, seed } = scene;
  const boxes = partBoxes(rendered);
  const box = (part: "mouth" | "eyes" | "eyebrows"): Stimulus["box"] =>
    boxes.get(part) ?? boxes.get("eyes") ?? [0, 0, 0.99, 0.99];
  const say = (words: Words, subject: string): string => {
    const found = words.findIndex(([test]) => test(controls));
    const ways = words[found]![1];
    return ways[hashKey("words", seed, subject, found) % ways.length]!;
  };
  const hair = CUTS[who.cut]!.replace("%hair", HAIRS[who.hair]!);
  const opening = ["A flat portrait of", "A drawn portrait of", "An illustrated face of", "A simple portrait of"][
    hashKey("opening", seed) % 4
  ]!;
  const summary =
    `${opening} a person with ${hair}, ${SKINS[who.skin]} skin, ${EYES[who.eyes]} eyes${EXTRAS[who.extra]} and a ${TOPS[who.top]} top ` +
    `on a ${BACKGROUNDS[who.background]} background in the parametric style.`;
  return compose(
    summary.replaceAll(/\ba (?=[aeiou])/g, "an "),
    [
      { part: "mouth", text: `The mouth is ${say(MOUTH, "mouth")}.`, box: box("mouth") },
      { part: "eyes", text: `The eyes are ${say(EYES_WORDS, "eyes")}.`, box: box("eyes") },
      { part: "eyebrows", text: `The eyebrows are ${say(BROWS, "eyebrows")}.`, box: box("eyebrows") },
    ],
    scene.emotion,
  );
}

/** The parts that differ between a parametric face and its true edit. */
export function changedParametricRegions(a: Rendered, b: Rendered): Region[] {
  return regionsOf(["mouth", "eyes", "eyebrows", "cheeks", "tears"], a, b);
}
