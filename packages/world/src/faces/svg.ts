import { createAvatar } from "@dicebear/core";
import { findStyle } from "./styles/index.ts";
import { PARTS, type PartName } from "../parts.ts";
import type { FaceStyle } from "./styles/style.ts";
import { WorldError } from "../world-error.ts";
import type { FaceScene } from "./face-scene.ts";

/** The scene as SVG without its background (the renderer lays that under it). */
export function drawScene(scene: FaceScene): string {
  return draw(findStyle(scene.style), scene);
}

/**
 * The same drawing with every part in one flat colour and all else black, so that one render gives each part's visible pixels.
 * Mouth is red, eyes green, eyebrows blue; a face drawn in one piece is red. Alpha is the figure.
 */
export function drawParts(scene: FaceScene, svg: string): string {
  const style = findStyle(scene.style);
  const spans = Object.entries(style.parts)
    .map(([component, part]) => ({ part, ...locate(style, scene, svg, component) }))
    .sort((a, b) => a.start - b.start);
  let flat = "";
  let at = 0;
  for (const span of spans) {
    flat +=
      flatten(svg.slice(at, span.start), "#000", true) +
      flatten(svg.slice(span.start, span.end), COLOURS[span.part] ?? "#000", false);
    at = span.end;
  }
  return flat + flatten(svg.slice(at), "#000", true);
}

const COLOURS: Readonly<Partial<Record<PartName, string>>> = {
  other: "#000",
  mouth: "#f00",
  eyes: "#0f0",
  eyebrows: "#00f",
  face: "#f00",
};

/** The part id that a colour channel of {@link drawParts} stands for, in this style. */
export function channelParts(style: FaceStyle): readonly [number, number, number] {
  const first = Object.values(style.parts).includes("face") ? "face" : "mouth";
  return [PARTS.indexOf(first), PARTS.indexOf("eyes"), PARTS.indexOf("eyebrows")];
}

function draw(style: FaceStyle, scene: FaceScene, without?: string): string {
  const { identity, expression } = scene;
  const options: Record<string, unknown> = {
    seed: "moodworld",
    backgroundColor: [],
    scale: identity.zoom,
    translateX: identity.shiftX,
    translateY: identity.shiftY,
    flip: identity.flip,
  };
  const known = (style.drawing.schema?.properties ?? {}) as Record<string, unknown>;
  for (const [component, variant] of Object.entries({ ...identity.components, ...expression })) {
    options[component] = variant === "" || component === without ? [] : [variant];
    if (`${component}Probability` in known) options[`${component}Probability`] = variant === "" ? 0 : 100;
  }
  // Optional components that no figure of this style has.
  for (const name of Object.keys(known)) {
    if (name.endsWith("Probability") && !(name in options)) options[name] = 0;
  }
  for (const [name, hex] of Object.entries(identity.colours)) options[name] = [hex];
  // The rasteriser reads mask-type as an attribute only.
  return createAvatar(style.drawing, options)
    .toString()
    .replaceAll(/style="mask-type:\s*(alpha|luminance);?"/g, 'mask-type="$1"');
}

/** Finds a component's markup by drawing the scene once without it. */
function locate(style: FaceStyle, scene: FaceScene, svg: string, component: string): { start: number; end: number } {
  const rest = draw(style, scene, component);
  const length = svg.length - rest.length;
  let start = 0;
  while (start < rest.length && svg[start] === rest[start]) start++;
  // The markup may begin like what follows it: step back to a tag's edge.
  while (
    start > 0 &&
    !(svg[start] === "<" && svg[start - 1] === ">" && svg.slice(start + length) === rest.slice(start))
  )
    start--;
  if (length <= 0 || start === 0) {
    throw new WorldError("DRAWING_CHANGED", `style "${style.name}" has no separable "${component}"`);
  }
  return { start, end: start + length };
}

/** Repaints markup in one colour. Masks keep theirs, since their brightness is their meaning. */
function flatten(markup: string, colour: string, keepOpacity: boolean): string {
  let masks = 0;
  return markup.replaceAll(/<(\/?)(\w+)([^>]*)>/g, (tag, close: string, name: string, attributes: string) => {
    if (name === "mask") {
      if (close) masks--;
      else if (!attributes.endsWith("/")) masks++;
      return tag;
    }
    if (masks > 0 || close || name === "svg") return tag;
    let painted = attributes
      .replaceAll(/\b(fill|stroke)="(?!none")[^"]*"/g, `$1="${colour}"`)
      .replaceAll(/\sstyle="[^"]*mix-blend-mode[^"]*"/g, "");
    if (!keepOpacity) painted = painted.replaceAll(/\s(?:fill-|stroke-)?opacity="[^"]*"/g, "");
    return `<${name}${painted}>`;
  });
}
