/**
 * A small seeded generator. The same key gives the same numbers on every machine.
 * A key is any list of strings and numbers; generators with different keys are unrelated.
 */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
  /** Uniform in [low, high). */
  between(low: number, high: number): number;
  /** One item, uniformly. Throws a RangeError on an empty list. */
  pick<T>(items: readonly T[]): T;
  /** One item, with probability proportional to its weight. */
  weighted<T>(items: readonly (readonly [T, number])[]): T;
}

/** FNV-1a over the key's parts, finished with an avalanche so that near keys differ everywhere. */
export function hashKey(...key: readonly (string | number)[]): number {
  let h = 0x811c9dc5;
  for (const char of key.join("\u0000")) {
    h ^= char.codePointAt(0)!;
    h = Math.imul(h, 0x01000193);
  }
  return avalanche(h);
}

/** A generator for a key: a Weyl sequence pushed through an avalanche function. */
export function createRandom(...key: readonly (string | number)[]): Random {
  let state = hashKey(...key);
  const increment = hashKey("increment", ...key) | 1;
  const next = (): number => {
    state = (state + increment) | 0;
    return avalanche(state) / 0x1_0000_0000;
  };
  const below = (n: number): number => Math.floor(next() * n);
  return {
    next,
    below,
    between: (low, high) => low + (high - low) * next(),
    pick(items) {
      if (items.length === 0) throw new RangeError("cannot pick from an empty list");
      return items[below(items.length)]!;
    },
    weighted(items) {
      const total = items.reduce((sum, [, weight]) => sum + weight, 0);
      let left = next() * total;
      for (const [item, weight] of items) {
        left -= weight;
        if (left < 0) return item;
      }
      return items.at(-1)![0];
    },
  };
}

function avalanche(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
