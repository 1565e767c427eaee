import type { Archive } from "../store/archive-folder.ts";
import { readTextIfPresent } from "../store/present-file.ts";
import { parseLines } from "../store/unit.ts";

/** One reviewer's word on one picture. */
export interface Verdict {
  /** Identifier of the record. */
  readonly id: string;
  readonly reviewer: string;
  readonly verdict: "accept" | "reject";
  /** Why it was rejected; empty for an acceptance. */
  readonly reason: string;
}

/** The imported verdicts, `review/verdicts.jsonl`. */
export async function readVerdicts(archive: Archive): Promise<Verdict[]> {
  return parseLines<Verdict>((await readTextIfPresent(archive.path("review", "verdicts.jsonl"))) ?? "");
}

/** Identifiers that more reviewers rejected than accepted. */
export async function readRejected(archive: Archive): Promise<ReadonlySet<string>> {
  const balance = new Map<string, number>();
  for (const { id, verdict } of await readVerdicts(archive)) {
    balance.set(id, (balance.get(id) ?? 0) + (verdict === "accept" ? 1 : -1));
  }
  return new Set([...balance].flatMap(([id, votes]) => (votes < 0 ? [id] : [])));
}
