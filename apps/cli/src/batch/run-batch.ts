import { randomUUID } from "node:crypto";
import { InterruptedError } from "../output/failure.ts";
import { readInput } from "../commands/files.ts";
import { requestJson } from "../server/api.ts";
import type { Server } from "../server/with-server.ts";
import { createBatchBar } from "./batch-bar.ts";
import type { BatchView } from "./batch-types.ts";
import { followBatch } from "./follow-batch.ts";
import { uploadLocalPictures } from "./local-pictures.ts";
import { type RunOptions, toApiOptions, toPairs } from "./run-options.ts";

export interface SendOptions extends RunOptions {
  readonly quiet?: boolean;
  readonly key?: string;
}

/** Sends a manifest, its local pictures first, and returns the batch as it began. Columns whose pictures were sent don't count as ignored. */
export async function sendBatch(
  manifest: string | undefined,
  options: SendOptions,
  server: Server,
  signal: AbortSignal,
): Promise<BatchView> {
  const api = toApiOptions(options);
  const form = new FormData();
  let replaced: readonly string[] = [];
  if (manifest !== undefined) {
    const data = await readInput("MANIFEST", manifest);
    const columns = toPairs("--column", options.column ?? []);
    const jsonl = options.format ? options.format === "jsonl" : /\.jsonl?$|\.ndjson$/i.test(manifest);
    const ready =
      options.inputPrefix === undefined
        ? await uploadLocalPictures(manifest, data, {
            server: server.url,
            columns,
            delimiter: options.delimiter,
            jsonl,
            signal,
            onUpload: (done, total) => {
              if (!options.quiet && (done === total || done % 100 === 0)) {
                process.stderr.write(`${done}/${total} pictures sent\n`);
              }
            },
          })
        : { data, columns: {}, replaced: [] };
    ({ replaced } = ready);
    api["columns"] = { ...columns, ...ready.columns };
    api["format"] ??= jsonl ? "jsonl" : "csv";
    form.append("manifest", new Blob([ready.data]), "manifest");
  }
  form.append("options", JSON.stringify(api));
  const begun = await requestJson<BatchView>(`${server.url}/v1/batches`, {
    method: "POST",
    body: form,
    headers: { "Idempotency-Key": options.key ?? randomUUID() },
    signal,
  });
  const ignored = begun.survey.ignored_columns.filter((column) => !replaced.includes(column));
  return { ...begun, survey: { ...begun.survey, ignored_columns: ignored } };
}

/** Follows a batch with a progress bar. An interrupt leaves it running on a server that goes on without us. */
export async function showBatch(
  batch: BatchView,
  options: { quiet?: boolean; lasting: boolean },
  signal: AbortSignal,
): Promise<BatchView> {
  const bar = createBatchBar({ quiet: options.quiet === true, terminal: process.stderr.isTTY });
  try {
    return await followBatch(batch, (progress) => bar.show(progress), signal);
  } catch (error) {
    if (!signal.aborted || !options.lasting) throw error;
    throw new InterruptedError(
      `interrupted; the batch goes on: moodifier batch status ${batch.id}, or moodifier batch cancel ${batch.id}`,
      { cause: error },
    );
  } finally {
    bar.end();
  }
}
