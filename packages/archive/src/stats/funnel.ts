import { readSummaries } from "../run/run-stage.ts";
import { ArchiveError } from "../archive-error.ts";
import { type Archive, UNIT_STAGES, type UnitStage } from "../store/archive-folder.ts";

/** What came into a stage, what left it and why the rest did not. */
export interface FunnelRow {
  readonly stage: UnitStage;
  readonly in: number;
  readonly out: number;
  readonly refused: Readonly<Record<string, number>>;
  /** Bytes of pictures that the stage stored. */
  readonly packBytes: number;
}

/** A row for each finished stage, in order. */
export async function readFunnel(archive: Archive): Promise<FunnelRow[]> {
  const rows: FunnelRow[] = [];
  for (const stage of UNIT_STAGES) {
    try {
      const refused: Record<string, number> = {};
      const row = { stage, in: 0, out: 0, refused, packBytes: 0 };
      for (const summary of await readSummaries(archive, stage)) {
        row.in += summary.in;
        row.out += summary.out;
        row.packBytes += summary.packBytes ?? 0;
        for (const [why, count] of Object.entries(summary.refused)) refused[why] = (refused[why] ?? 0) + count;
      }
      rows.push(row);
    } catch (error) {
      if (error instanceof ArchiveError && error.reason === "STAGE_INCOMPLETE") return rows;
      throw error;
    }
  }
  return rows;
}
