import { ShapeError } from "./shape-error.ts";

/** The array that holds the values of each dtype. */
export interface TensorData {
  float32: Float32Array;
  int64: BigInt64Array;
  uint8: Uint8Array;
}

/** Element types that cross the boundary to the graphs. */
export type DType = keyof TensorData;

/** A dense row-major tensor of a known dtype. `data.length` is the product of `dims`; a dimension may be 0. */
export interface TypedTensor<D extends DType> {
  readonly dtype: D;
  readonly dims: readonly number[];
  readonly data: TensorData[D];
}

/** Any tensor; narrow it with `dtype`. */
export type Tensor = { [D in DType]: TypedTensor<D> }[DType];

/** The number of elements of a shape; a scalar (`[]`) has one. Throws ShapeError on a dimension that is not a whole number >= 0. */
export function countElements(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) {
    if (!Number.isSafeInteger(dim) || dim < 0) {
      throw new ShapeError(`dims must be whole numbers >= 0, got [${dims.join(",")}]`);
    }
    count *= dim;
  }
  return count;
}

/** Wraps `data` (not copied) as a tensor. Throws ShapeError when its length is not the product of `dims`. */
export function tensor<D extends DType>(dtype: D, dims: readonly number[], data: TensorData[D]): TypedTensor<D> {
  const count = countElements(dims);
  if (data.length !== count) {
    throw new ShapeError(`a ${dtype} tensor [${dims.join(",")}] needs ${count} values, got ${data.length}`);
  }
  return { dtype, dims: [...dims], data };
}

/** A tensor of zeros. */
export function zeros<D extends DType>(dtype: D, dims: readonly number[]): TypedTensor<D> {
  return tensor(dtype, dims, allocate(dtype, countElements(dims)));
}

/** An int64 tensor from plain numbers, for token ids and row indices. */
export function int64(dims: readonly number[], values: Iterable<number | bigint>): TypedTensor<"int64"> {
  return tensor("int64", dims, BigInt64Array.from(values, BigInt));
}

/** A float32 tensor from plain numbers. */
export function float32(dims: readonly number[], values: Iterable<number>): TypedTensor<"float32"> {
  return tensor("float32", dims, Float32Array.from(values));
}

/** `tensor` as float32. Throws ShapeError, naming `what`, when it has another dtype. */
export function asFloat32(value: Tensor | undefined, what: string): TypedTensor<"float32"> {
  if (value?.dtype !== "float32") {
    throw new ShapeError(`${what} must be a float32 tensor, got ${value?.dtype ?? "nothing"}`);
  }
  return value;
}

/** Joins tensors along the first axis. All other dims and the dtype must be equal; the list must not be empty. */
export function concatRows<D extends DType>(parts: readonly TypedTensor<D>[]): TypedTensor<D> {
  const first = parts[0];
  if (!first || first.dims.length === 0) {
    throw new ShapeError("concatRows needs at least one tensor of rank >= 1");
  }
  const tail = first.dims.slice(1);
  const rows = parts.reduce((sum, part) => sum + (part.dims[0] ?? 0), 0);
  const data = allocate(first.dtype, rows * countElements(tail));
  let offset = 0;
  for (const part of parts) {
    if (part.dtype !== first.dtype || part.dims.slice(1).join() !== tail.join()) {
      throw new ShapeError(
        `concatRows: [${part.dims.join(",")}] ${part.dtype} does not join [${first.dims.join(",")}]`,
      );
    }
    setValues(data, part.data, offset);
    offset += part.data.length;
  }
  return tensor(first.dtype, [rows, ...tail], data);
}

/** Copies rows `start..end` (end excluded) of the first axis. */
export function sliceRows<D extends DType>(value: TypedTensor<D>, start: number, end: number): TypedTensor<D> {
  const rows = value.dims[0] ?? 0;
  if (!Number.isInteger(start) || !Number.isInteger(end) || start < 0 || end > rows || start > end) {
    throw new ShapeError(`sliceRows ${start}..${end} lies outside 0..${rows}`);
  }
  const tail = value.dims.slice(1);
  const stride = countElements(tail);
  const data = value.data.slice(start * stride, end * stride) as TensorData[D];
  return tensor(value.dtype, [end - start, ...tail], data);
}

function allocate<D extends DType>(dtype: D, length: number): TensorData[D] {
  const arrays: TensorData = {
    float32: new Float32Array(dtype === "float32" ? length : 0),
    int64: new BigInt64Array(dtype === "int64" ? length : 0),
    uint8: new Uint8Array(dtype === "uint8" ? length : 0),
  };
  return arrays[dtype];
}

function setValues<D extends DType>(target: TensorData[D], source: TensorData[D], offset: number): void {
  (target as Float32Array).set(source as Float32Array, offset);
}
