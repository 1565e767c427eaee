/** What one render gives: sRGB bytes (3 a pixel) and part ids (1 a pixel), from the upper left corner. */
export interface Shot {
  readonly rgb: Uint8Array;
  readonly parts: Uint8Array;
}

/**
 * Colours have four samples a pixel, ids one: a pixel without a part that yet differs from the plate is the edge of a neighbour's part, and belongs to it. So no
 * changed pixel lies outside a mask; a sliver without such a neighbour is taken back.
 */
export function settleEdges(colours: Uint8Array, plate: Uint8Array, parts: Uint8Array, size: number): void {
  const centres = parts.slice();
  for (let i = 0; i < parts.length; i++) {
    if (centres[i] !== 0) continue;
    const at = i * 4;
    if (colours[at] === plate[at] && colours[at + 1] === plate[at + 1] && colours[at + 2] === plate[at + 2]) continue;
    const x = i % size;
    let part = 0;
    for (let dy = -size; dy <= size; dy += size)
      for (let dx = -1; dx <= 1 && part === 0; dx++) if (x + dx >= 0 && x + dx < size) part = centres[i + dy + dx] ?? 0;
    parts[i] = part;
    if (part === 0) colours.set(plate.subarray(at, at + 4), at);
  }
}

/** GL rows run upwards. */
export function turnUpright(rgba: Uint8Array, ids: Uint8Array, size: number): Shot {
  const rgb = new Uint8Array(size * size * 3);
  const parts = new Uint8Array(size * size);
  for (let y = 0, o = 0; y < size; y++) {
    for (let x = 0, i = (size - 1 - y) * size; x < size; x++, i++, o++) {
      rgb[o * 3] = rgba[i * 4]!;
      rgb[o * 3 + 1] = rgba[i * 4 + 1]!;
      rgb[o * 3 + 2] = rgba[i * 4 + 2]!;
      parts[o] = ids[i]!;
    }
  }
  return { rgb, parts };
}
