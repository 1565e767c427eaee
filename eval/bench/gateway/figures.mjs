/** The value below which a share of the sorted values lies. */
export function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

export const round = (value) => Math.round(value * 100) / 100;

/** Median and 99th percentile in milliseconds. */
export function summarize(values) {
  return { p50: round(quantile(values, 0.5)), p99: round(quantile(values, 0.99)), count: values.length };
}

/** Slope of the least-squares line through points [x, y], in y per x. */
export function slopeOf(points) {
  const mean = (axis) => points.reduce((sum, point) => sum + point[axis], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const products = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0);
  return products / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
}
