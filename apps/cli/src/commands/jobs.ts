import type { Command } from "commander";
import { requestJson } from "../server/api.ts";
import type { Edit } from "../server/api-types.ts";
import { addGatewayOptions, type GatewayOptions } from "../server/gateway-client.ts";
import { withRunningServer } from "../server/with-server.ts";

interface Options extends GatewayOptions {
  readonly json?: boolean;
  readonly status?: string;
  readonly batch?: string;
  readonly limit?: string;
}

/** `moodifier jobs`. */
export function addJobsCommand(program: Command): void {
  const jobs = program.command("jobs").description("look at edits on a server, and end them");
  addGatewayOptions(jobs.command("list").description("list edits, newest first"))
    .option("--status <name>", "only these, for example queued or failed")
    .option("--batch <id>", "only those of a batch")
    .option("-n, --limit <1..200>", "how many", "20")
    .action(list);
  addGatewayOptions(jobs.command("show").description("show an edit").argument("<id>")).action(
    (id: string, options: Options) => show(id, options, "GET"),
  );
  addGatewayOptions(jobs.command("cancel").description("end an edit").argument("<id>")).action(
    (id: string, options: Options) => show(id, options, "POST"),
  );
}

async function list({ status, batch, limit = "20", json, ...server }: Options): Promise<void> {
  await withRunningServer(server, async ({ url }, signal) => {
    const query = new URLSearchParams({ limit, ...(status && { status }), ...(batch && { batch_id: batch }) });
    const { edits } = await requestJson<{ edits: Edit[] }>(`${url}/v1/edits?${query}`, { signal });
    process.stdout.write(json ? `${JSON.stringify(edits, null, 2)}\n` : edits.map(lineOf).join(""));
  });
}

async function show(id: string, options: Options, method: "GET" | "POST"): Promise<void> {
  await withRunningServer(options, async ({ url }, signal) => {
    const path = `${url}/v1/edits/${encodeURIComponent(id)}${method === "POST" ? ":cancel" : ""}`;
    const job = await requestJson<Edit>(path, { method, signal });
    process.stdout.write(options.json ? `${JSON.stringify(job, null, 2)}\n` : describe(job));
  });
}

function lineOf(job: Edit): string {
  const { id, status, created_at: created = "", settings, progress } = job;
  const percentage = `${Math.round(progress?.percentage ?? 0)} %`.padStart(5);
  return `${id}  ${created.slice(0, 19)}  ${status.padEnd(10)} ${percentage}  ${settings?.emotion ?? ""}\n`;
}

function describe(job: Edit): string {
  const lines: [string, string | undefined][] = [
    ["job", job.id],
    ["status", job.status],
    ["emotion", job.settings?.emotion],
    ["progress", `${Math.round(job.progress?.percentage ?? 0)} %`],
    ["target", job.plan?.target_prompt],
    ["problem", job.problem && `${job.problem.detail} (${job.problem.reason})`],
    ["result", job.status === "succeeded" ? job.urls.result : undefined],
  ];
  return lines.flatMap(([name, value]) => (value === undefined ? [] : [`${name.padEnd(10)} ${value}\n`])).join("");
}
