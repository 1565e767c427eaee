import { checkSameSize, type Mask } from "./mask.ts";
import { ShapeError } from "./shape-error.ts";
import { tensor, type TypedTensor } from "./tensor.ts";

/** 8-bit interleaved pixels, row-major, RGB or RGBA (not premultiplied). */
export interface Raster {
  readonly width: number;
  readonly height: number;
  readonly channels: 3 | 4;
  readonly data: Uint8Array;
}

/**
 * `base + mask * (top - base)` for float32 `[N,C,H,W]` tensors of equal dims and a mask of W x H.
 * Where the mask is 0 (or 1) the result is bit for bit the base (or the top).
 */
export function composite(
  base: TypedTensor<"float32">,
  top: TypedTensor<"float32">,
  mask: Mask,
): TypedTensor<"float32"> {
  const [height, width] = [base.dims.at(-2) ?? 0, base.dims.at(-1) ?? 0];
  if (base.dims.join() !== top.dims.join() || base.dims.length < 2) {
    throw new ShapeError(`composite needs equal dims, got [${base.dims.join(",")}] and [${top.dims.join(",")}]`);
  }
  checkSameSize("composite", { width, height }, mask);
  const data = base.data.slice();
  const size = width * height;
  for (let i = 0; i < data.length; i++) {
    const weight = mask.data[i % size]!;
    data[i] = weight >= 1 ? top.data[i]! : weight <= 0 ? data[i]! : data[i]! + weight * (top.data[i]! - data[i]!);
  }
  return tensor("float32", base.dims, data);
}

/**
 * Lays `top` over `base` through the mask, per 8-bit sample, rounded; alpha is blended like a colour when both have it, and the
 * base's alpha is kept when only the base has it. Where the mask is 0 the result **is** the base pixel.
 */
export function compositePixels(base: Raster, top: Raster, mask: Mask): Raster {
  checkSameSize("compositePixels", base, top);
  checkSameSize("compositePixels", base, mask);
  const data = new Uint8Array(base.data);
  const shared = Math.min(base.channels, top.channels);
  for (let i = 0; i < mask.data.length; i++) {
    const weight = Math.min(1, mask.data[i]!);
    if (!(weight > 0)) {
      continue;
    }
    for (let c = 0; c < shared; c++) {
      const at = i * base.channels + c;
      data[at] = Math.round(data[at]! + weight * (top.data[i * top.channels + c]! - data[at]!));
    }
  }
  return { width: base.width, height: base.height, channels: base.channels, data };
}
