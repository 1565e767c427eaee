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

/** Estimates the whole manifest from rows that have succeeded; undefined without any. `parallel` is how many edits of batches run at the same time. */
export function estimateBatch(
  batch: Batch,
  ended: readonly BatchRow[],
  options: { parallel: number; price?: Price },
): Estimate | undefined {
  const samples = ended.flatMap(({ outcome, startedAt, finishedAt }) =>
    outcome?.recipe && startedAt !== undefined && finishedAt !== undefined
      ? [{ recipe: outcome.recipe, startedAt, finishedAt }]
      : [],
  );
  const [first] = samples;
  if (!first) return undefined;
  const rows = batch.survey.rows - batch.survey.faulty;
  const steps = samples.reduce((sum, { recipe }) => sum + (recipe.width * recipe.height * recipe.steps) / 1e6, 0);
  const work = round((steps / samples.length) * rows);
  // The one row of a dry run had the services to itself; the rows of a batch wait for each other, so their pace counts.
  const secondsEach = batch.options.dry_run
    ? (first.finishedAt - first.startedAt) / 1000 / options.parallel
    : (Math.max(...samples.map(({ finishedAt }) => finishedAt)) - batch.createdAt) / 1000 / samples.length;
  return {
    rows,
    seconds: round(secondsEach * rows),
    megapixel_steps: work,
    ...(options.price && {
      cost: { amount: round(work * options.price.perMegapixelStep), currency: options.price.currency },
    }),
  };
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
