/** A float32 came as a float64 with noise in the tail: 0.8 would print as 0.800000011920929. */
export function shorten(value: number): number {
  return Number(value.toPrecision(6));
}
