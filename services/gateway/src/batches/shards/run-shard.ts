// Works on one shard of a batch until none of its rows is open; what a `ShardRunner` starts, with the gateway's own settings:
//   node dist/batches/shards/run-shard.js --batch ID --shard 3/50 [--metrics-port 9090]
// Exit code 0: no row is open, however they ended; 1: stopped or failed, try again; 2: wrong arguments or settings.
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import {
  ATTRIBUTES,
  createLogger,
  extractTrace,
  loadConfig,
  serveMetrics,
  startTracing,
  toMoodError,
  withSpan,
} from "@moodifier/service-kit";
import { configSchema, type GatewayConfig } from "../../config.ts";
import { openDatabase } from "../../database/open-database.ts";
import { openParts } from "../../gateway-parts.ts";
import { BatchStore } from "../batch-store.ts";
import { parseShard, shareOf, type Shard } from "./row-share.ts";

const pollMs = 500;

const { values } = parseArgs({
  options: {
    batch: { type: "string" },
    shard: { type: "string", default: "0/1" },
    "metrics-port": { type: "string", default: "0" },
  },
});
const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(signal)));

/** Resolves with true once no row of the share is open, with false when the process is told to stop. */
async function run(config: GatewayConfig, batchId: string, shard: Shard): Promise<boolean> {
  const logger = createLogger({ service: "batch", level: config.logLevel });
  const database = await openDatabase(config, logger);
  try {
    const store = new BatchStore(database, config.batchRetentionMs);
    const total = (await store.running(batchId))[0]?.total;
    if (total === undefined) return true;
    const share = shareOf(batchId, total, shard);
    const parts = await openParts({ ...config, interactiveSlots: 0 }, logger, { database, share });
    const port = Number(values["metrics-port"]);
    const metrics = port > 0 ? await serveMetrics(parts.metrics.registry, { host: config.host, port }) : undefined;
    await parts.runner.start();
    await parts.batches.start({ runs: true });
    logger.info({ ...share }, "working on a share of a batch");
    try {
      while (!stop.signal.aborted && (await store.openRows(share)) > 0) {
        await sleep(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
      }
      return !stop.signal.aborted;
    } finally {
      await parts.drain();
      await metrics?.stop();
      await parts.close();
    }
  } finally {
    await database.close();
  }
}

try {
  if (values.batch === undefined) throw new TypeError("--batch: expected the id of a batch, got nothing");
  const { batch, shard } = { batch: values.batch, shard: parseShard(values.shard) };
  const config = loadConfig(configSchema, process.env);
  const tracing = await startTracing("gateway");
  const span = { parent: extractTrace(process.env["TRACEPARENT"]), attributes: { [ATTRIBUTES.batchId]: batch } };
  const ended = await withSpan("batch shard", span, () => run(config, batch, shard));
  await tracing.stop();
  process.exit(ended ? 0 : 1);
} catch (error) {
  const failure = toMoodError(error);
  process.stderr.write(`${failure.reason}: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof TypeError || failure.code === "INVALID_ARGUMENT" ? 2 : 1);
}
