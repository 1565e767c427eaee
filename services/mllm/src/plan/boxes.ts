import type { Box } from "@moodifier/tensor";

/** Smallest side of a planned box as a fraction of the view; smaller ones are grown about their centre. */
export const MIN_BOX_SIDE = 0.02;

/**
 * Makes a usable box of what a model wrote: corners in order, inside 0..1, sides of at least `MIN_BOX_SIDE`. Models that count in
 * 0..1000 (some chat models do) are recognised by values above 1.5. Undefined when the numbers make no box at all.
 */
export function normaliseBox(numbers: readonly number[]): Box | undefined {
  if (numbers.length !== 4 || !numbers.every((value) => Number.isFinite(value) && value >= -0.5 && value <= 1024))
    return undefined;
  const unit = Math.max(...numbers) > 1.5 ? 1000 : 1;
  const [ax = 0, ay = 0, bx = 0, by = 0] = numbers.map((value) => Math.min(1, Math.max(0, value / unit)));
  const [x0, x1] = grow(Math.min(ax, bx), Math.max(ax, bx), MIN_BOX_SIDE);
  const [y0, y1] = grow(Math.min(ay, by), Math.max(ay, by), MIN_BOX_SIDE);
  return [x0, y0, x1, y1];
}

/** The box grown on every side by a fraction of its own width and height, cut at the picture's edge. */
export function padBox([x0, y0, x1, y1]: Box, fraction: number): Box {
  const dx = (x1 - x0) * fraction;
  const dy = (y1 - y0) * fraction;
  return [Math.max(0, x0 - dx), Math.max(0, y0 - dy), Math.min(1, x1 + dx), Math.min(1, y1 + dy)];
}

/** Grows an interval within 0..1 to a smallest length about its centre. */
function grow(start: number, end: number, least: number): [number, number] {
  if (end - start >= least) return [start, end];
  const from = Math.min(1 - least, Math.max(0, (start + end - least) / 2));
  return [from, from + least];
}
