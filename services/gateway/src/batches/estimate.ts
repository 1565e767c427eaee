import { z } from "zod";
import type { Batch, BatchRow } from "./batch.ts";

/** What a batch will take, from the rows that have ended. */
export const estimateSchema = z
  .object({
    rows: z.int().describe("Rows that can run."),
    seconds: z.number().describe("Until all of them have ended, from the start, when nothing else runs."),
    megapixel_steps: z.number().describe("Megapixels times denoising steps of all of them."),
    cost: z
      .object({ amount: z.number(), currency: z.string() })
      .optional()
      .describe("When the operator has set a price."),
  })
  .meta({ id: "Estimate" });

export type Estimate = z.infer<typeof estimateSchema>;

export interface Price {
  /** For a megapixel and step. */
  readonly perMegapixelStep: number;
  /** ISO 4217. */
  readonly currency: string;
}

/** Estimates the whole manifest from rows that have succeeded; undefined without any. `parallel` is how many edits run at the same time. */
export function estimateBatch(
  batch: Batch,
  ended: readonly BatchRow[],
  options: { parallel: number; price?: Price },
): Estimate | undefined {
  const samples = ended.flatMap(({ outcome, startedAt, finishedAt }) => {
    if (!outcome?.recipe || startedAt === undefined || finishedAt === undefined) return [];
    const { width, height, steps } = outcome.recipe;
    return [{ seconds: (finishedAt - startedAt) / 1000, work: (width * height * steps) / 1e6 }];
  });
  if (samples.length === 0) return undefined;
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const rows = batch.survey.rows - batch.survey.faulty;
  const work = round(mean(samples.map((sample) => sample.work)) * rows);
  return {
    rows,
    seconds: round((mean(samples.map(({ seconds }) => seconds)) * rows) / options.parallel),
    megapixel_steps: work,
    ...(options.price && {
      cost: { amount: round(work * options.price.perMegapixelStep), currency: options.price.currency },
    }),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
