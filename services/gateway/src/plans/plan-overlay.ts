import { decodeImage, decodeMask, encodePng, type Picture } from "@moodifier/inference";
import type { common } from "@moodifier/proto";

type Colour = readonly [number, number, number];

/** Tint of what may change. */
const maskColour: Colour = [255, 64, 129];

/** Outlines of the regions, in turn. */
const boxColours: readonly Colour[] = [
  [255, 193, 7],
  [0, 188, 212],
  [139, 195, 74],
  [156, 39, 176],
];

/** Draws a plan over its picture: the mask tinted, the rest dimmed, an outline for each region's box. Returns a PNG of the upright picture's size. */
export async function drawOverlay(image: Buffer, plan: common.EditPlan, signal: AbortSignal): Promise<Buffer> {
  const source = await decodeImage(image, { signal });
  const picture: Picture = { ...source, data: new Uint8Array(source.data) };
  if (plan.maskPng.length > 0) {
    const { data: mask } = await decodeMask(plan.maskPng, { width: picture.width, height: picture.height });
    tint(picture, mask);
  }
  plan.regions.forEach(({ box }, index) => {
    if (box) outline(picture, box, boxColours[index % boxColours.length] as Colour);
  });
  return encodePng(picture);
}

function tint({ data, channels }: Picture, mask: Float32Array): void {
  for (let pixel = 0; pixel < mask.length; pixel += 1) {
    const inside = mask[pixel] as number;
    for (let channel = 0; channel < 3; channel += 1) {
      const at = pixel * channels + channel;
      const value = data[at] as number;
      const tinted = value * 0.65 + (maskColour[channel] as number) * 0.35;
      data[at] = Math.round(value * 0.55 * (1 - inside) + tinted * inside);
    }
  }
}

function outline({ data, width, height, channels }: Picture, box: common.Box, colour: Colour): void {
  const thickness = Math.max(1, Math.round(Math.min(width, height) / 160));
  const left = Math.floor(box.x0 * width);
  const top = Math.floor(box.y0 * height);
  const right = Math.min(width, Math.ceil(box.x1 * width));
  const bottom = Math.min(height, Math.ceil(box.y1 * height));
  for (let y = Math.max(0, top); y < bottom; y += 1) {
    for (let x = Math.max(0, left); x < right; x += 1) {
      const edge = Math.min(x - left, right - 1 - x, y - top, bottom - 1 - y);
      if (edge >= thickness) continue;
      const at = (y * width + x) * channels;
      data.set(colour, at);
      if (channels === 4) data[at + 3] = 255;
    }
  }
}
