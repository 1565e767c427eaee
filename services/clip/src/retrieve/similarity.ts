import { float32, type TypedTensor } from "@moodifier/tensor";

type Vector = TypedTensor<"float32">;

/** Dot product of two vectors of one length; the cosine when both are L2-normalised. Accumulated in double precision. */
export function dot(a: Vector, b: Vector): number {
  if (a.data.length !== b.data.length) throw new RangeError(`vectors of ${a.data.length} and ${b.data.length} values`);
  let sum = 0;
  for (let at = 0; at < a.data.length; at++) sum += (a.data[at] ?? 0) * (b.data[at] ?? 0);
  return sum;
}

/** Cosine similarity f32 [rows,columns] of normalised vectors, within -1..1. */
export function similarityMatrix(rows: Vector[], columns: Vector[]): Vector {
  const values = rows.flatMap((row) => columns.map((column) => Math.min(1, Math.max(-1, dot(row, column)))));
  return float32([rows.length, columns.length], values);
}
