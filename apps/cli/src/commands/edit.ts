import type { Command } from "commander";
import { InterruptedError, ProblemError } from "../output/failure.ts";
import { createProgressLine } from "../output/progress-line.ts";
import { request, requestJson, toForm } from "../server/api.ts";
import type { Edit } from "../server/api-types.ts";
import { followEdit } from "../server/follow-edit.ts";
import { type Server, type ServerOptions, withServer } from "../server/with-server.ts";
import { checkOutput, readInput, writeOutput } from "./files.ts";
import { addPlanOptions, addServerOptions, type PlanOptions, printWarnings } from "./options.ts";
import { addFormatOptions, endingsOf, type FormatOptions, toFormatFields } from "./result-format.ts";

interface EditOptions extends PlanOptions, ServerOptions, FormatOptions {
  readonly seed?: string;
  readonly steps?: string;
  readonly guidanceScale?: string;
  readonly scores?: boolean;
  readonly report?: string;
  readonly quiet?: boolean;
}

/** `moodifier edit`. */
export function addEditCommand(program: Command): void {
  const command = program.command("edit").description("edit a picture so that it carries an emotion");
  addServerOptions(
    addFormatOptions(addPlanOptions(command))
      .option("--seed <number>", "seed of all noise (default: 0)")
      .option("--steps <1..50>", "denoising steps")
      .option("--guidance-scale <number>", "guidance scale of the target, above 1 and at most 15")
      .requiredOption("-o, --out <file>", "the edited picture: .png, .jpg, .webp or .avif")
      .option("--scores", "also tell how probable the emotion is before and after")
      .option("--report <file.json>", "plan, timings, outside_mask, recipe and scores")
      .option("-q, --quiet", "show no progress"),
  ).action(edit);
}

async function edit(input: string, options: EditOptions): Promise<void> {
  const start = performance.now();
  await checkOutput("--out", options.out, endingsOf(options.format));
  await checkOutput("--report", options.report, [".json"]);
  const form = await buildForm(input, options);
  await withServer(options, async (server, signal) => {
    const ended = await runEdit(server, form, options, signal);
    if (ended.problem) throw new ProblemError(ended.problem);
    if (ended.status !== "succeeded") throw new InterruptedError(`the edit ended as ${ended.status}`);
    const picture = await (await request(ended.urls.result, { signal })).arrayBuffer();
    await writeOutput(options.out, new Uint8Array(picture));
    const wallMs = Math.round(performance.now() - start);
    if (options.report !== undefined) {
      const report = {
        input,
        output: options.out,
        wall_ms: wallMs,
        server_start_ms: Math.round(server.startMs),
        edit: ended,
      };
      await writeOutput(options.report, `${JSON.stringify(report, null, 2)}\n`);
    }
    printWarnings(ended.warnings);
    if (!options.quiet) process.stderr.write(`${summarize(ended, wallMs)}\n`);
    process.stdout.write(`${options.out}\n`);
  });
}

async function buildForm(input: string, options: EditOptions): Promise<FormData> {
  const { emotion, intensity, region, category, seed, steps, guidanceScale, scores, mask } = options;
  const wish = {
    emotion,
    intensity,
    region,
    category,
    seed,
    steps,
    guidance_scale: guidanceScale,
    scores: scores ? "true" : undefined,
  };
  const files = {
    image: await readInput("IN", input),
    mask: mask === undefined ? undefined : await readInput("--mask", mask),
  };
  return toForm({ ...wish, ...toFormatFields(options) }, files);
}

/** Starts the edit and follows it to its end; an interrupt cancels it on the server too. */
async function runEdit(server: Server, form: FormData, options: EditOptions, signal: AbortSignal): Promise<Edit> {
  const started = await requestJson<Edit>(`${server.url}/v1/edits`, { method: "POST", body: form, signal });
  const line = createProgressLine({ quiet: options.quiet === true, terminal: process.stderr.isTTY });
  try {
    return await followEdit(started, (event) => line.show(event), signal);
  } catch (error) {
    if (signal.aborted) await request(started.urls.cancel, { method: "POST" }).catch(() => undefined);
    throw error;
  } finally {
    line.end();
  }
}

function summarize({ timings, outside_mask: outside, scores, settings }: Edit, wallMs: number): string {
  const stages = (["planning", "encoding", "editing", "finishing"] as const).map((stage) => {
    const ms = timings[`${stage}_ms`];
    return `${stage} ${typeof ms === "number" ? (ms / 1000).toFixed(2) : "?"} s`;
  });
  const kept = outside ? `; outside the mask ${outside.changed_px} of ${outside.total_px} pixels changed` : "";
  const scored = scores
    ? `; ${settings.emotion} ${scores.emotion_before.toFixed(2)} -> ${scores.emotion_after.toFixed(2)}`
    : "";
  return `${stages.join(", ")}; ${(wallMs / 1000).toFixed(2)} s in all${kept}${scored}`;
}
