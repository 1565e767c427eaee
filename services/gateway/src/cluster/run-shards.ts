// Runs a command in shards, on this machine or on the cluster, and prints how they ended:
//   node dist/cluster/run-shards.js --id filter-2026 --shards 8 --parallelism 4 -- archive filter --out data/archive --shard {shard}
// Exit code 0: every shard succeeded; 1: not all did; 2: wrong arguments or settings. Running the same id again takes up work that goes on.
import process from "node:process";
import { parseArgs } from "node:util";
import { createLogger, loadConfig, startTracing, toMoodError, withSpan } from "@moodifier/service-kit";
import { z } from "zod";
import { openShardRunner } from "./open-runner.ts";
import { shardSettings } from "./shard-settings.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    id: { type: "string" },
    shards: { type: "string", default: "1" },
    parallelism: { type: "string", default: "1" },
  },
});

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(signal)));

try {
  const tracing = await startTracing("shards");
  const logger = createLogger({ service: "shards", destination: process.stderr });
  const runner = openShardRunner(loadConfig(z.object(shardSettings), process.env), logger);
  const work = {
    id: values.id ?? positionals.join(" ").slice(0, 200),
    args: positionals,
    shards: Number(values.shards),
    parallelism: Number(values.parallelism),
  };
  const onProgress = (ended: object) => logger.info(ended, "shards have ended");
  try {
    const report = await withSpan("shards", {}, () => runner.run(work, { signal: stop.signal, onProgress }));
    process.stdout.write(`${JSON.stringify(report)}\n`);
    process.exitCode = report.succeeded.length === work.shards ? 0 : 1;
  } finally {
    await runner.close();
    await tracing.stop();
  }
} catch (error) {
  const failure = toMoodError(error);
  process.stderr.write(`${failure.reason}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = failure.code === "INVALID_ARGUMENT" ? 2 : 1;
}
