import { MoodError } from "@moodifier/service-kit";
import { rowsOfShard } from "../../cluster/shard-runner.ts";

/** Rows of one batch, by index: from <= index < to. */
export interface RowShare {
  readonly batchId: string;
  readonly from: number;
  readonly to: number;
}

/** Which shard of how many. */
export interface Shard {
  /** 0 <= index < count. */
  readonly index: number;
  readonly count: number;
}

/** Reads `i/n`, 0 <= i < n. Throws INVALID_ARGUMENT, reason SHARD_INVALID. */
export function parseShard(text: string): Shard {
  const [, index, count] = /^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? [];
  if (index !== undefined && Number(index) < Number(count)) return { index: Number(index), count: Number(count) };
  throw new MoodError("INVALID_ARGUMENT", "SHARD_INVALID", `--shard: expected i/n with 0 <= i < n, got ${text}`);
}

/** The rows of a shard, of a batch of `total` rows. */
export function shareOf(batchId: string, total: number, { index, count }: Shard): RowShare {
  const [from, to] = rowsOfShard(index, { rows: total, shards: count });
  return { batchId, from, to };
}
