import { createPicture, type Picture } from "@moodifier/inference";
import type { Box } from "@moodifier/tensor";
import { normaliseBox } from "../../plan/boxes.ts";

/** What the numbers of a box count, and in which frame: the square that is sent, or the picture inside its margins. */
export type BoxConvention = {
  unit: "fraction" | "thousandth" | "pixel";
  frame: "square" | "picture";
};

/**
 * Setting: a known convention, "probe" (ask once about a picture with a known box), or "detect" (fractions of the square, values above
 * 1.5 count in thousandths). LLaVA's users disagree about the frame, other families about the unit.
 */
export const BOX_SETTINGS = ["probe", "detect", "fraction", "thousandth", "pixel", "picture-fraction"] as const;
/** One of the settings. */
export type BoxSetting = (typeof BOX_SETTINGS)[number];

/** The convention that a setting names; undefined for "probe" and "detect". */
export function conventionOf(setting: BoxSetting): BoxConvention | undefined {
  if (setting === "probe" || setting === "detect") return undefined;
  if (setting === "picture-fraction") return { unit: "fraction", frame: "picture" };
  return { unit: setting, frame: "square" };
}

/**
 * Reads a box as the convention says; `side` is that of the square that was sent in pixels, `frame` where the picture lies in it. Without
 * a convention units are told by their range. The result is in fractions of the square; undefined when the numbers make no box.
 */
export function readBox(
  numbers: readonly number[],
  convention: BoxConvention | undefined,
  side: number,
  frame: Box = [0, 0, 1, 1],
): Box | undefined {
  if (!convention || numbers.length !== 4) return normaliseBox(numbers);
  const scale = { fraction: 1, thousandth: 1000, pixel: side }[convention.unit];
  // A model that falls back to fractions now and then is understood: no box of thousandths or pixels lies within 0..1.
  const fractions = numbers.every((value) => value <= 1) ? numbers : numbers.map((value) => value / scale);
  const box = normaliseBox(fractions.map((value) => Math.min(1.5, value)));
  if (!box || convention.frame === "square") return box;
  const [x0, y0, x1, y1] = frame;
  const place = (value: number, start: number, end: number) => start + value * (end - start);
  return [place(box[0], x0, x1), place(box[1], y0, y1), place(box[2], x0, x1), place(box[3], y0, y1)];
}

/** The picture that the probe asks about: a wide grey picture in a square with black margins, one red rectangle in it. */
export const PROBE = {
  size: 336,
  /** Where the grey picture lies in the square. */
  frame: [0, 0.25, 1, 0.75] satisfies Box as Box,
  /** The red rectangle, fractions of the square. */
  target: [0.5, 0.3, 0.75, 0.45] satisfies Box as Box,
};

/** Paints the probe picture. */
export function paintProbe(): Picture {
  const { size, frame, target } = PROBE;
  const data = new Uint8Array(size * size * 3);
  const paint = ([x0, y0, x1, y1]: Box, colour: readonly number[]) => {
    for (let y = Math.round(y0 * size); y < Math.round(y1 * size); y++) {
      for (let x = Math.round(x0 * size); x < Math.round(x1 * size); x++) data.set(colour, (y * size + x) * 3);
    }
  };
  paint(frame, [150, 150, 150]);
  paint(target, [220, 20, 20]);
  return createPicture({ width: size, height: size, channels: 3, data });
}

/** Overlap (intersection over union) below which the probe's answer says nothing. */
const LEAST_OVERLAP = 0.4;

/** The convention under which the answer fits the probe's rectangle best; undefined when it fits under none. */
export function judgeProbe(numbers: readonly number[], side: number): BoxConvention | undefined {
  let best: { convention: BoxConvention; overlap: number } | undefined;
  for (const frame of ["square", "picture"] as const) {
    for (const unit of ["fraction", "thousandth", "pixel"] as const) {
      if (unit !== "fraction" && numbers.every((value) => value <= 1)) continue;
      if (unit === "fraction" && numbers.some((value) => value > 1.5)) continue;
      const convention = { unit, frame };
      const box = readBox(numbers, convention, side, PROBE.frame);
      const overlap = box ? measureOverlap(box, PROBE.target) : 0;
      if (overlap >= LEAST_OVERLAP && overlap > (best?.overlap ?? 0)) best = { convention, overlap };
    }
  }
  return best?.convention;
}

function measureOverlap(a: Box, b: Box): number {
  const shared =
    Math.max(0, Math.min(a[2], b[2]) - Math.max(a[0], b[0])) * Math.max(0, Math.min(a[3], b[3]) - Math.max(a[1], b[1]));
  const area = (box: Box) => (box[2] - box[0]) * (box[3] - box[1]);
  return shared / (area(a) + area(b) - shared);
}
