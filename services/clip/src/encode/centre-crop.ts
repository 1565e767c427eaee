import type { Raster } from "@moodifier/tensor";

/** The largest centred square of a picture; the picture itself when it is square. */
export function cropCentre(picture: Raster): Raster {
  const { width, height, channels, data } = picture;
  if (width === height) return picture;
  const side = Math.min(width, height);
  const left = Math.floor((width - side) / 2);
  const top = Math.floor((height - side) / 2);
  const square = new Uint8Array(side * side * channels);
  for (let y = 0; y < side; y++) {
    const start = ((top + y) * width + left) * channels;
    square.set(data.subarray(start, start + side * channels), y * side * channels);
  }
  return { width: side, height: side, channels, data: square };
}
