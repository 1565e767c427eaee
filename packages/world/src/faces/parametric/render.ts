import { Resvg } from "@resvg/resvg-js";
import { PARTS, type PartName } from "../../parts.ts";
import type { Rendered } from "../../rendered.ts";
import { drawParametric, type Layer } from "./draw.ts";
import type { ParametricScene } from "./scene.ts";

const FONT = { loadSystemFonts: false };
const OPEN = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100"';

/** The face as SVG, without its background. */
export function parametricSvg(scene: ParametricScene): string {
  return `${OPEN}>${zoomed(
    scene,
    drawParametric(scene)
      .map((layer) => layer.svg)
      .join(""),
  )}</svg>`;
}

function zoomed(scene: ParametricScene, inner: string): string {
  const z = scene.identity.zoom;
  return `<g transform="translate(${50 - 50 * z} ${54 - 54 * z}) scale(${z})">${inner}</g>`;
}

/** Draws a parametric face; the part ids come from the same layers in flat colours without smoothing, a hair wider. */
export function renderParametric(scene: ParametricScene, size: number): Rendered {
  const layers = drawParametric(scene);
  const picture = pixels(
    `${OPEN}>${zoomed(scene, layers.map((layer) => layer.svg).join(""))}</svg>`,
    size,
    `#${scene.identity.background}`,
  );
  const first = layers.findIndex((layer) => layer.part !== "face");
  // What lies in front of moving parts shrinks instead: its blended edge shows what moves below.
  const rim = (layer: Layer, i: number): number => (layer.part === "face" && i > first ? -110 : 200) / size;
  const flat = layers.map((layer, i) => flatten(layer, rim(layer, i))).join("");
  const ids = pixels(`${OPEN} shape-rendering="crispEdges">${zoomed(scene, flat)}</svg>`, size);
  const rgb = new Uint8Array(size * size * 3);
  const parts = new Uint8Array(size * size);
  for (let i = 0; i < parts.length; i++) {
    rgb[i * 3] = picture[i * 4]!;
    rgb[i * 3 + 1] = picture[i * 4 + 1]!;
    rgb[i * 3 + 2] = picture[i * 4 + 2]!;
    parts[i] = ids[i * 4 + 3]! > 0 ? ids[i * 4]! / STEP : 0;
  }
  return { width: size, height: size, picture: rgb, parts };
}

/** Distance between the red levels that stand for part ids. */
const STEP = 16;

function colourOf(part: PartName): string {
  return `#${(PARTS.indexOf(part) * STEP).toString(16).padStart(2, "0")}0000`;
}

/** A layer in its part's flat colour; moving parts grow by `rim` so that their smoothed edge lies inside. */
function flatten(layer: Layer, rim: number): string {
  const colour = colourOf(layer.part);
  const painted = layer.svg
    .replaceAll(/\b(fill|stroke)="(?!none)[^"]*"/g, `$1="${colour}"`)
    .replaceAll(/\sopacity="[^"]*"/g, "")
    .replaceAll(
      /stroke-width="([^"]*)"/g,
      (_, width: string) => `stroke-width="${Math.max(0.1, Number(width) + rim)}"`,
    );
  if (layer.part === "face") return painted;
  // Filled shapes without an outline get one; clipped insides lie within the shape that clips them.
  return painted.replaceAll(
    /<(path|circle|ellipse|rect)\b(?![^>]*stroke=)(?![^>]*clip)([^>]*?)fill="#/g,
    `<$1$2stroke="${colour}" stroke-width="${rim}" fill="#`,
  );
}

function pixels(svg: string, size: number, background?: string): Uint8Array {
  const options = { fitTo: { mode: "width" as const, value: size }, font: FONT };
  return new Resvg(svg, background === undefined ? options : { ...options, background }).render().pixels;
}
