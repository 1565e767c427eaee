import { ArchiveError } from "../archive-error.ts";

/** The share of a stage's units that a process makes: those whose number leaves `index` when divided by `count`. */
export interface Shard {
  /** 0..count-1. */
  readonly index: number;
  readonly count: number;
}

export const WHOLE: Shard = { index: 0, count: 1 };

/** Reads "i/n" with 0 <= i < n, as an Indexed Job counts. Throws ArchiveError OPTION_INVALID. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  const shard = { index: Number(index), count: Number(count) };
  if (index === undefined || shard.index >= shard.count) {
    throw new ArchiveError("OPTION_INVALID", `shard: expected i/n with 0 <= i < n, for example 0/4, got "${text}"`);
  }
  return shard;
}

/** Whether a unit is in a shard's share. */
export function owns({ index, count }: Shard, unit: number): boolean {
  return unit % count === index;
}
