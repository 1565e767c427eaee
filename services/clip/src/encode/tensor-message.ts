import type { common } from "@moodifier/proto";
import type { TypedTensor } from "@moodifier/tensor";

/** Stacks float32 tensors of one shape along a new first axis as a message. Values are little-endian, as every supported machine is. */
export function stackMessage(rows: TypedTensor<"float32">[]): common.Tensor {
  const parts = rows.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return { dims: [rows.length, ...(rows[0]?.dims ?? [])], data: Buffer.concat(parts) };
}

/** One float32 tensor as a message. */
export function tensorMessage({ dims, data }: TypedTensor<"float32">): common.Tensor {
  return { dims: [...dims], data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) };
}
