import { Resvg } from "@resvg/resvg-js";
import type { Rendered } from "../rendered.ts";
import type { FaceScene } from "./face-scene.ts";
import { findStyle } from "./styles/index.ts";
import { PARTS } from "../parts.ts";
import { channelParts, drawParts, drawScene } from "./svg.ts";

const FONT = { loadSystemFonts: false };
const FIGURE = PARTS.indexOf("face");
/** Least coverage (of 255) at which a pixel belongs to a part. */
const PART_COVERAGE = 24;

/** Draws a scene at `size` x `size` pixels (16..2048), with the exact visible pixels of each part (occlusion kept). */
export function renderFace(scene: FaceScene, size: number): Rendered {
  const svg = drawScene(scene);
  const picture = pixels(svg, size, `#${scene.identity.background}`);
  const flat = pixels(drawParts(scene, svg), size);
  const style = findStyle(scene.style);
  const ids = channelParts(style);
  const whole = ids[0] === FIGURE;
  const rgb = new Uint8Array(size * size * 3);
  const parts = new Uint8Array(size * size);
  for (let i = 0; i < parts.length; i++) {
    rgb[i * 3] = picture[i * 4]!;
    rgb[i * 3 + 1] = picture[i * 4 + 1]!;
    rgb[i * 3 + 2] = picture[i * 4 + 2]!;
    let best = 0;
    let id = 0;
    for (let channel = 0; channel < 3; channel++) {
      const coverage = flat[i * 4 + channel]!;
      if (coverage >= PART_COVERAGE && coverage > best) {
        best = coverage;
        id = ids[channel]!;
      }
    }
    if (id === 0 && !whole && flat[i * 4 + 3]! >= 128) id = FIGURE;
    parts[i] = id;
  }
  return { width: size, height: size, picture: rgb, parts };
}

function pixels(svg: string, size: number, background?: string): Uint8Array {
  const options = { fitTo: { mode: "width" as const, value: size }, font: FONT };
  return new Resvg(svg, background === undefined ? options : { ...options, background }).render().pixels;
}
