export { dilate, feather } from "./mask-edge.ts";
export {
  bounds,
  checkSameSize,
  coverage,
  createMask,
  fromBox,
  resizeMask,
  threshold,
  union,
  type Box,
  type Mask,
} from "./mask.ts";
export { gaussianNoise, scrambleBlock, type NoiseRequest } from "./random.ts";
export { type Raster } from "./raster.ts";
export { resizePlane, type Size, type Window } from "./resize.ts";
export { ShapeError } from "./shape-error.ts";
export {
  asFloat32,
  concatRows,
  countElements,
  float32,
  int64,
  sliceRows,
  tensor,
  zeros,
  type DType,
  type Tensor,
  type TensorData,
  type TypedTensor,
} from "./tensor.ts";
