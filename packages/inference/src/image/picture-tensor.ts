import { asFloat32, ShapeError, tensor, type Raster, type Tensor, type TypedTensor } from "@moodifier/tensor";
import { createPicture, type Picture } from "./picture.ts";

/** How samples 0..1 become tensor values: `(x - mean) / std` per RGB channel, or "signed" = 2 x - 1. */
export type Normalisation = { readonly mean: readonly number[]; readonly std: readonly number[] } | "signed";

const SIGNED = { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };

/** A picture as float32 `[1,3,H,W]`. Transparent parts are seen over white. */
export function toTensor(picture: Raster, normalisation: Normalisation): TypedTensor<"float32"> {
  const { mean, std } = normalisation === "signed" ? SIGNED : normalisation;
  const { width, height, channels, data } = picture;
  const size = width * height;
  const values = new Float32Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const scale = 1 / (255 * std[c]!);
    const shift = mean[c]! / std[c]!;
    for (let i = 0; i < size; i++) {
      const sample = data[i * channels + c]!;
      const seen = channels === 4 ? 255 + (data[i * channels + 3]! / 255) * (sample - 255) : sample;
      values[c * size + i] = seen * scale - shift;
    }
  }
  return tensor("float32", [1, 3, height, width], values);
}

/** Row `row` of a float32 `[N,3,H,W]` tensor of about -1..1 as a picture, clamped and rounded. Throws ShapeError on another shape. */
export function fromTensor(value: Tensor, row = 0): Picture {
  const { dims, data } = asFloat32(value, "a picture tensor");
  const [rows = 0, channels, height = 0, width = 0] = dims;
  if (dims.length !== 4 || channels !== 3 || row < 0 || row >= rows) {
    throw new ShapeError(`a picture tensor must be [N,3,H,W] with row ${row}, got [${dims.join(",")}]`);
  }
  const size = width * height;
  const pixels = new Uint8Array(3 * size);
  for (let c = 0; c < 3; c++) {
    const start = (row * 3 + c) * size;
    for (let i = 0; i < size; i++) {
      pixels[i * 3 + c] = Math.min(255, Math.max(0, Math.round(127.5 * (data[start + i]! + 1))));
    }
  }
  return createPicture({ width, height, channels: 3, data: pixels });
}
