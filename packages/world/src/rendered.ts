/** A rendered scene. Both arrays are row-major from the upper left corner. */
export interface Rendered {
  readonly width: number;
  readonly height: number;
  /** size x size x 3 sRGB bytes. */
  readonly picture: Uint8Array;
  /** size x size part ids, indices into `PARTS`. */
  readonly parts: Uint8Array;
}

/**
 * Where two pictures of one size differ: 1 in pixels of which a channel differs by more than `tolerance` levels, else 0.
 * For a scene and its true edit this is the region that the edit may change.
 */
export function changedMask(a: Rendered, b: Rendered, tolerance = 0): Uint8Array {
  const mask = new Uint8Array(a.width * a.height);
  for (let i = 0, j = 0; i < mask.length; i++, j += 3) {
    const difference = Math.max(
      Math.abs(a.picture[j]! - b.picture[j]!),
      Math.abs(a.picture[j + 1]! - b.picture[j + 1]!),
      Math.abs(a.picture[j + 2]! - b.picture[j + 2]!),
    );
    if (difference > tolerance) mask[i] = 1;
  }
  return mask;
}
