import { createHash } from "node:crypto";

/** The parts of a published data set. */
export const SPLITS = ["train", "validation", "test"] as const;
export type Split = (typeof SPLITS)[number];

/** Percent of the groups in validation and in test. */
export interface SplitShares {
  readonly validation: number;
  readonly test: number;
}

/**
 * The split of a group of pictures. A function of the group's name alone, so that pictures of one identity, one series or one hand stay together, also when
 * the archive grows.
 */
export function splitOf(group: string, { validation, test }: SplitShares): Split {
  const share = (createHash("sha256").update(`split:${group}`).digest().readUInt32BE(0) / 2 ** 32) * 100;
  if (share < test) return "test";
  return share < test + validation ? "validation" : "train";
}
