export { composite, compositePixels, type Raster } from "./composite.ts";
export { dilate, feather } from "./mask-edge.ts";
export {
  bounds,
  checkSameSize,
  coverage,
  createMask,
  fromBox,
  invert,
  maskFromTensor,
  maskToTensor,
  resizeMask,
  threshold,
  union,
  type Box,
  type Mask,
} from "./mask.ts";
export { gaussianNoise, scrambleBlock, type NoiseRequest } from "./random.ts";
export { resizePlane, resizeTensor, type Size } from "./resize.ts";
export { ShapeError } from "./shape-error.ts";
export {
  asFloat32,
  concatRows,
  countElements,
  float32,
  int64,
  reshape,
  sliceRows,
  tensor,
  zeros,
  type DType,
  type Tensor,
  type TensorData,
  type TypedTensor,
} from "./tensor.ts";
