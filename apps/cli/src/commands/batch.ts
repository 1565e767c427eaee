import type { Command } from "commander";
import type { BatchView } from "../batch/batch-types.ts";
import { downloadFiles, rowsOf } from "../batch/download-files.ts";
import { sendBatch, type SendOptions, showBatch } from "../batch/run-batch.ts";
import { exitCodes, UsageError } from "../output/failure.ts";
import { request, requestJson } from "../server/api.ts";
import { addGatewayOptions } from "../server/gateway-client.ts";
import { type ServerOptions, withRunningServer, withServer } from "../server/with-server.ts";
import { checkFolder, checkOutput, writeOutput } from "./files.ts";
import { addServerOptions } from "./options.ts";

interface RunCommandOptions extends SendOptions, ServerOptions {
  readonly out?: string;
  readonly results?: string;
  readonly detach?: boolean;
  readonly json?: boolean;
}

interface CommonOptions extends ServerOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly follow?: boolean;
  readonly cancelled?: boolean;
  readonly failed?: boolean;
  readonly results?: string;
  readonly out?: string;
}

const several = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** `moodifier batch`. */
export function addBatchCommand(program: Command): void {
  const batch = program.command("batch").description("edit many pictures from one manifest");
  addRun(batch);
  addGatewayOptions(batch.command("status").description("show a batch, or list the latest").argument("[id]"))
    .option("--failed", "also list the failed rows")
    .option("--results <file>", "write the manifest with what became of each row (.csv or .jsonl)")
    .option("-o, --out <folder>", "save the files of all rows that have succeeded")
    .action(showStatus);
  addGatewayOptions(batch.command("cancel").description("end all rows that haven't ended").argument("<id>")).action(
    (id: string, options: CommonOptions) => command(id, options, "cancel"),
  );
  addGatewayOptions(batch.command("retry").description("run failed rows again").argument("<id>"))
    .option("--cancelled", "run cancelled rows again too: resumes a cancelled batch")
    .option("-f, --follow", "stay until the batch has ended")
    .option("-q, --quiet", "show no progress")
    .action((id: string, options: CommonOptions) => command(id, options, "retry"));
}

function addRun(batch: Command): void {
  const run = batch
    .command("run")
    .description("check a manifest, then edit every row of it")
    .argument("[manifest]", "CSV or JSON lines; pictures by URL, s3://, upload:ID or path beside the manifest")
    .option("--source <s3://...>", "a row for each picture below an S3 prefix, instead of a manifest")
    .option("-c, --column <field=column>", "column of a field that is called otherwise; repeatable", several)
    .option("-d, --default <field=value>", "value of a field that a row leaves empty; repeatable", several)
    .option("--input-prefix <url>", "https:// or s3:// prefix of pictures that are paths")
    .option("--plan <id>", "all rows follow this stored plan")
    .option("--to <place>", "where the server writes files: s3://bucket/prefix or folder:path")
    .option("--name <pattern>", "amazon, sku_position, folder_per_sku or a pattern such as {sku}_{position:02}.{ext}")
    .option("--rendition <list>", "format=jpeg,width=1600,max_bytes=1950000,icc=srgb,...; repeatable", several)
    .option("--format <csv|jsonl>", "of the manifest; by its name unless told")
    .option("--delimiter <character>", "of CSV; guessed unless told")
    .option("--title <text>", "name of the batch, for people")
    .option("--priority <-100..100>", "the higher, the sooner")
    .option("--refuse-faulty", "run nothing when any row is faulty")
    .option("--key <text>", "idempotency key: the same key never makes a second batch")
    .option("--dry-run", "check every row, run only the first good one, estimate the rest")
    .option("-o, --out <folder>", "save the files here when the batch has ended")
    .option("--results <file>", "write the manifest with what became of each row (.csv or .jsonl)")
    .option("--detach", "don't stay until the batch has ended")
    .option("-q, --quiet", "show no progress")
    .option("--json", "print JSON");
  addServerOptions(run).action(runBatch);
}

async function runBatch(manifest: string | undefined, options: RunCommandOptions): Promise<void> {
  if ((manifest === undefined) === (options.source === undefined)) {
    throw new UsageError("expected either a manifest or --source");
  }
  if (options.detach && options.server === undefined) {
    throw new UsageError("--detach: expected --server too, since the services of this command end with it");
  }
  await checkOutputs(options);
  await withServer(options, async (server, signal) => {
    const begun = await sendBatch(manifest, options, server, signal);
    printSurvey(begun);
    const lasting = options.server !== undefined;
    const quiet = { ...(options.quiet !== undefined && { quiet: options.quiet }), lasting };
    const batch = options.detach ? begun : await showBatch(begun, quiet, signal);
    await save(batch, options, signal);
    print(batch, options.json);
    if (!options.detach) setExitCode(batch);
  });
}

async function showStatus(id: string | undefined, options: CommonOptions): Promise<void> {
  await checkOutputs(options);
  await withRunningServer(options, async ({ url }, signal) => {
    if (id === undefined) {
      const { batches } = await requestJson<{ batches: BatchView[] }>(`${url}/v1/batches`, { signal });
      process.stdout.write(options.json ? `${JSON.stringify(batches, null, 2)}\n` : batches.map(lineOf).join(""));
      return;
    }
    const batch = await requestJson<BatchView>(`${url}/v1/batches/${encodeURIComponent(id)}`, { signal });
    await save(batch, options, signal);
    const failed = options.failed ? await collect(rowsOf(batch, signal, "failed")) : undefined;
    print(batch, options.json, failed && { failed_rows: failed });
    if (options.json) return;
    for (const { line, id: name, problem } of failed ?? []) {
      process.stdout.write(`line ${line} (${name}): ${problem?.detail ?? "failed"} (${problem?.reason ?? "?"})\n`);
    }
  });
}

async function command(id: string, options: CommonOptions, what: "cancel" | "retry"): Promise<void> {
  await withRunningServer(options, async ({ url }, signal) => {
    const statuses = options.cancelled ? ["failed", "cancelled"] : ["failed"];
    const body = what === "retry" ? JSON.stringify({ statuses }) : undefined;
    const path = `${url}/v1/batches/${encodeURIComponent(id)}:${what}`;
    const changed = await requestJson<BatchView>(path, {
      method: "POST",
      signal,
      ...(body !== undefined && { body, headers: { "Content-Type": "application/json" } }),
    });
    const quiet = { ...(options.quiet !== undefined && { quiet: options.quiet }), lasting: true };
    const batch = options.follow && changed.status === "running" ? await showBatch(changed, quiet, signal) : changed;
    print(batch, options.json);
    if (options.follow) setExitCode(batch);
  });
}

async function save(batch: BatchView, options: { out?: string; results?: string }, signal: AbortSignal): Promise<void> {
  if (options.out !== undefined) {
    const count = await downloadFiles(batch, options.out, signal);
    process.stderr.write(`${count} files in ${options.out}\n`);
  }
  if (options.results === undefined) return;
  const format = options.results.toLowerCase().endsWith(".csv") ? "csv" : "jsonl";
  const response = await request(`${batch.urls.manifest}?format=${format}`, { signal });
  await writeOutput(options.results, new Uint8Array(await response.arrayBuffer()));
}

/** Finds out before hours of work whether its results can be written. */
async function checkOutputs({ out, results }: { out?: string; results?: string }): Promise<void> {
  await checkOutput("--results", results, [".csv", ".jsonl"]);
  if (out !== undefined) await checkFolder("--out", out);
}

function printSurvey({ survey, estimate: _estimate }: BatchView): void {
  for (const { line, reason, detail } of survey.faults) {
    process.stderr.write(`warning: line ${line} can't run: ${detail} (${reason})\n`);
  }
  if (survey.faulty > survey.faults.length) {
    process.stderr.write(`warning: ${survey.faulty - survey.faults.length} more rows can't run\n`);
  }
  if (survey.ignored_columns.length > 0) {
    const got = survey.ignored_columns.map((column) => `"${column}"`).join(", ");
    process.stderr.write(
      `warning: manifest: expected columns named like fields or by --column FIELD=COLUMN, got ${got}, which no field is read from (COLUMNS_IGNORED)\n`,
    );
  }
}

function print(batch: BatchView, json: boolean | undefined, more: object = {}): void {
  process.stdout.write(json ? `${JSON.stringify({ ...batch, ...more }, null, 2)}\n` : describe(batch));
}

function lineOf({ id, status, counts, total, created_at: created, name = "" }: BatchView): string {
  return `${id}  ${created.slice(0, 19)}  ${status.padEnd(19)}  ${counts.succeeded}/${total} done, ${counts.failed} failed  ${name}\n`;
}

function describe(batch: BatchView): string {
  const { estimate, counts } = batch;
  const cost = estimate?.cost ? `, ${estimate.cost.amount} ${estimate.cost.currency}` : "";
  return [
    `batch      ${batch.id}${batch.dry_run ? " (dry run: the first good row)" : ""}`,
    `status     ${batch.status}`,
    `rows       ${counts.succeeded} succeeded, ${counts.failed} failed, ${counts.cancelled} cancelled, ${counts.pending + counts.running} open`,
    ...(estimate && (batch.dry_run || batch.status === "running")
      ? [
          `estimate   ${estimate.rows} rows in ${estimate.seconds} s, ${estimate.megapixel_steps} megapixel-steps${cost}`,
        ]
      : []),
    "",
  ].join("\n");
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

function setExitCode({ status }: BatchView): void {
  if (status === "succeeded") return;
  process.exitCode = status === "partially_succeeded" ? exitCodes.partial : exitCodes.failed;
}
