import { compose, partBoxes, regionsOf, sliceBox, type Annotation, type Region, type Stimulus } from "../annotation.ts";
import type { Rendered } from "../rendered.ts";
import { hashKey } from "../random.ts";
import type { FaceScene } from "./face-scene.ts";
import { BACKGROUNDS } from "./styles/background.ts";
import { findStyle } from "./styles/index.ts";
import type { Aspect, FaceStyle } from "./styles/style.ts";

/**
 * Describes a rendered scene. Sentences keep one order and one template, and a variant keeps its words within an identity,
 * so that the captions of a scene and of its true edit align token by token.
 */
export function annotateFace(scene: FaceScene, rendered: Rendered): Annotation {
  const style = findStyle(scene.style);
  const summary = summarise(scene, style);
  const boxes = partBoxes(rendered);
  const [first, second, third] = style.aspects;
  const see = (aspect: Aspect): Stimulus => ({
    part: aspect.part,
    text: sentence(scene, aspect),
    box: sliceBox(boxes.get(aspect.part) ?? boxes.get("eyes") ?? boxes.get("face") ?? [0, 0, 1, 1], aspect.slice),
  });
  const stimuli = [see(first), see(second), see(third)] as const;
  return compose(summary, stimuli, scene.emotion);
}

/**
 * The parts whose drawing differs between a scene and its true edit, each boxed around both masks with 2 % of padding.
 * A part hidden in both pictures is left out.
 */
export function changedFaceRegions(a: FaceScene, renderedA: Rendered, b: FaceScene, renderedB: Rendered): Region[] {
  const style = findStyle(a.style);
  const labels = Object.entries(style.parts)
    .filter(([component]) => a.expression[component] !== b.expression[component])
    .map(([, part]) => part);
  return regionsOf(labels, renderedA, renderedB);
}

function summarise(scene: FaceScene, style: FaceStyle): string {
  const { components, colours, background } = scene.identity;
  const words: Record<string, string> = {};
  for (const [option, names] of Object.entries(style.colours)) {
    words[option.replace(/Color$/, "")] = names[colours[option]!] ?? "";
  }
  const colourWords = { ...words };
  for (const [component, variants] of Object.entries(style.components)) {
    const text = variants[components[component]!] ?? "";
    // A component without words of its own leaves a colour of the same name alone.
    if (text !== "" || !(component in words))
      words[component] = text.replaceAll(/%(\w+)/g, (_, name: string) => colourWords[name] ?? "");
  }
  const figure = style.describe(words).replaceAll(/\ba (?=[aeiou])/g, "an ");
  return `A cartoon portrait of ${figure} on a ${BACKGROUNDS[background]} background in the ${style.label} style.`;
}

function sentence(scene: FaceScene, aspect: Aspect): string {
  const variant = scene.expression[aspect.component]!;
  const ways = aspect.words[variant]!;
  const way = ways[hashKey("words", scene.seed, aspect.subject, variant) % ways.length]!;
  const verb = aspect.subject === "eyes" || aspect.subject === "eyebrows" ? "are" : "is";
  return `The ${aspect.subject} ${verb} ${way}.`;
}
