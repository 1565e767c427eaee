import type { Size } from "@moodifier/tensor";

/** Side of one view of LLaVA-NeXT's vision tower, pixels, and its patches along it. */
const TILE = 336;
const PATCHES = 24;

/** Canvases that LLaVA-NeXT fits a picture into, width x height in tiles. */
const CANVASES: readonly Size[] = [
  { width: 1, height: 2 },
  { width: 2, height: 1 },
  { width: 2, height: 2 },
  { width: 1, height: 3 },
  { width: 3, height: 1 },
];

/**
 * Tokens that LLaVA-NeXT spends on a picture ("anyres" with padding removed): the whole picture as one view, the tiles of the best canvas
 * without their padding, and one token at the end of each row. A 672 px square costs 2,928, a 336 px one 1,176.
 */
export function anyresTokens({ width, height }: Size): number {
  const canvas = chooseCanvas({ width, height });
  const grid = { width: canvas.width * PATCHES, height: canvas.height * PATCHES };
  if (width / height > grid.width / grid.height) {
    grid.height -= 2 * Math.floor((grid.height - Math.floor((height * grid.width) / width)) / 2);
  } else {
    grid.width -= 2 * Math.floor((grid.width - Math.floor((width * grid.height) / height)) / 2);
  }
  return PATCHES ** 2 + grid.height * (grid.width + 1);
}

/** The canvas that keeps most pixels of the picture; of equal ones the one that wastes least. */
function chooseCanvas({ width, height }: Size): Size {
  let best: { canvas: Size; kept: number; waste: number } | undefined;
  for (const canvas of CANVASES) {
    const [fullWidth, fullHeight] = [canvas.width * TILE, canvas.height * TILE];
    const scale = Math.min(fullWidth / width, fullHeight / height);
    const kept = Math.min(Math.floor(width * scale) * Math.floor(height * scale), width * height);
    const waste = fullWidth * fullHeight - kept;
    if (!best || kept > best.kept || (kept === best.kept && waste < best.waste)) best = { canvas, kept, waste };
  }
  return best!.canvas;
}

/**
 * Side of the square picture to send: `largest`, or 336 when that would cost more than `budget` tokens.
 * @throws RangeError when not even that fits.
 */
export function chooseSide(largest: number, budget: number): number {
  for (const side of [largest, Math.min(largest, TILE)]) {
    if (anyresTokens({ width: side, height: side }) <= budget) return side;
  }
  const least = anyresTokens({ width: TILE, height: TILE });
  throw new RangeError(`imageTokens must be at least ${least}, the cost of the smallest picture, got ${budget}`);
}
