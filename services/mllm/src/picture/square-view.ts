import { resizePicture, type Picture } from "@moodifier/inference";
import type { Box } from "@moodifier/tensor";

/** Longest side of a view, pixels: more than any planner looks at, little enough for the largest pictures. */
const MAX_SIDE = 768;

/**
 * What the models look at: the whole picture, centred in a square whose margins have the mean colour of the picture's border,
 * transparent parts on white. Models report boxes in it; `toPicture` and `toView` convert fractions of one to fractions of the other.
 * Square, because chat models disagree on whether boxes refer to the padded or the plain picture.
 */
export type SquareView = {
  /** Square, opaque, at most 768 px. */
  picture: Picture;
  /** A box of the view as a box of the picture. Parts in the margins are cut off; the result may be empty (x0 = x1). */
  toPicture(box: Box): Box;
  /** A box of the picture as a box of the view. */
  toView(box: Box): Box;
  /** Where the picture lies in the view, fractions 0..1. */
  frame: Box;
};

/** Makes the view of an upright picture. */
export async function createSquareView(source: Picture): Promise<SquareView> {
  const scale = Math.min(1, MAX_SIDE / Math.max(source.width, source.height));
  const width = Math.max(1, Math.round(source.width * scale));
  const height = Math.max(1, Math.round(source.height * scale));
  const fitted =
    width === source.width && height === source.height ? source : await resizePicture(source, width, height);
  const side = Math.max(width, height);
  const left = Math.floor((side - width) / 2);
  const top = Math.floor((side - height) / 2);
  const frame: Box = [left / side, top / side, (left + width) / side, (top + height) / side];
  return {
    picture: { ...source, ...padSquare(opaque(fitted), width, height, left, top) },
    frame,
    ...converters(frame),
  };
}

function inside(value: number, start: number, end: number): number {
  return Math.min(1, Math.max(0, (value - start) / (end - start)));
}

function outside(value: number, start: number, end: number): number {
  return start + value * (end - start);
}

function converters([x0, y0, x1, y1]: Box): Pick<SquareView, "toPicture" | "toView"> {
  return {
    toPicture: (box) => [
      inside(box[0], x0, x1),
      inside(box[1], y0, y1),
      inside(box[2], x0, x1),
      inside(box[3], y0, y1),
    ],
    toView: (box) => [
      outside(box[0], x0, x1),
      outside(box[1], y0, y1),
      outside(box[2], x0, x1),
      outside(box[3], y0, y1),
    ],
  };
}

/** RGB bytes, transparent pixels blended over white. */
function opaque({ data, channels, width, height }: Picture): Uint8Array {
  if (channels === 3) return data;
  const rgb = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = (data[pixel * 4 + 3] ?? 255) / 255;
    for (let channel = 0; channel < 3; channel++) {
      rgb[pixel * 3 + channel] = Math.round((data[pixel * 4 + channel] ?? 0) * alpha + 255 * (1 - alpha));
    }
  }
  return rgb;
}

type Raster = { width: number; height: number; channels: 3; data: Uint8Array };

function padSquare(rgb: Uint8Array, width: number, height: number, left: number, top: number): Raster {
  if (width === height) return { width, height, channels: 3, data: rgb };
  const side = Math.max(width, height);
  const margin = borderColour(rgb, width, height);
  const data = new Uint8Array(side * side * 3);
  for (let at = 0; at < data.length; at += 3) data.set(margin, at);
  for (let y = 0; y < height; y++) {
    data.set(rgb.subarray(y * width * 3, (y + 1) * width * 3), ((top + y) * side + left) * 3);
  }
  return { width: side, height: side, channels: 3, data };
}

function borderColour(rgb: Uint8Array, width: number, height: number): [number, number, number] {
  const sums: [number, number, number] = [0, 0, 0];
  let count = 0;
  const add = (x: number, y: number) => {
    const at = (y * width + x) * 3;
    sums[0] += rgb[at] ?? 0;
    sums[1] += rgb[at + 1] ?? 0;
    sums[2] += rgb[at + 2] ?? 0;
    count++;
  };
  for (let x = 0; x < width; x++) {
    add(x, 0);
    add(x, height - 1);
  }
  for (let y = 0; y < height; y++) {
    add(0, y);
    add(width - 1, y);
  }
  return [Math.round(sums[0] / count), Math.round(sums[1] / count), Math.round(sums[2] / count)];
}
