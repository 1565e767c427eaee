/** A share with its 95 % interval. */
export interface Interval {
  readonly rate: number;
  readonly low: number;
  readonly high: number;
  readonly count: number;
  readonly total: number;
}

/** 97.5 % quantile of the normal distribution. */
const Z = 1.959_963_984_540_054;

/** The score interval of a share (Wilson 1927), at 95 %. Good for few cases and for shares near 0 or 1, unlike the normal one. */
export function wilsonInterval(count: number, total: number): Interval {
  if (total === 0) return { rate: 0, low: 0, high: 1, count, total };
  const rate = count / total;
  const spread = Z * Math.sqrt((rate * (1 - rate)) / total + Z ** 2 / (4 * total ** 2));
  const centre = rate + Z ** 2 / (2 * total);
  const scale = 1 + Z ** 2 / total;
  return {
    rate,
    low: Math.max(0, (centre - spread) / scale),
    high: Math.min(1, (centre + spread) / scale),
    count,
    total,
  };
}

/** Cohen's kappa (1960) of two raters on the same items; undefined when chance alone would make them agree always. */
export function cohenKappa(pairs: readonly (readonly [string, string])[]): number | undefined {
  if (pairs.length === 0) return undefined;
  const share = (of: 0 | 1, category: string): number =>
    pairs.filter((pair) => pair[of] === category).length / pairs.length;
  const observed = pairs.filter(([a, b]) => a === b).length / pairs.length;
  const categories = [...new Set(pairs.flat())];
  const expected = categories.reduce((sum, category) => sum + share(0, category) * share(1, category), 0);
  return expected === 1 ? undefined : (observed - expected) / (1 - expected);
}

/**
 * Fleiss' kappa (1971) of any number of raters. Items may have different numbers of ratings; those with fewer than two say nothing about agreement and are left
 * out. Undefined when chance alone would make them agree always.
 */
export function fleissKappa(items: readonly (readonly string[])[]): number | undefined {
  const rated = items.filter((ratings) => ratings.length >= 2);
  if (rated.length === 0) return undefined;
  const totals = new Map<string, number>();
  let observed = 0;
  for (const ratings of rated) {
    const counts = new Map<string, number>();
    for (const rating of ratings) {
      counts.set(rating, (counts.get(rating) ?? 0) + 1);
      totals.set(rating, (totals.get(rating) ?? 0) + 1);
    }
    const agreeing = [...counts.values()].reduce((sum, count) => sum + count * (count - 1), 0);
    observed += agreeing / (ratings.length * (ratings.length - 1)) / rated.length;
  }
  const all = [...totals.values()].reduce((sum, count) => sum + count, 0);
  const expected = [...totals.values()].reduce((sum, count) => sum + (count / all) ** 2, 0);
  return expected === 1 ? undefined : (observed - expected) / (1 - expected);
}
