import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMetrics, type Logger, MoodError, toMoodError } from "@moodifier/service-kit";
import { Batches } from "./batches/batches.ts";
import type { RowShare } from "./batches/shards/row-share.ts";
import { type Backends, checkBackends, connectBackends } from "./backends/backends.ts";
import { openShardRunner } from "./cluster/open-runner.ts";
import type { GatewayConfig } from "./config.ts";
import type { Database } from "./database/database.ts";
import { openDatabase } from "./database/open-database.ts";
import { EditStarter } from "./edits/edit-starter.ts";
import { createEditWork, withPictures } from "./edits/edit-work.ts";
import { toProblem } from "./http/problem.ts";
import { RateLimits } from "./http/rate-limits.ts";
import { DatabaseJobStore } from "./jobs/database-job-store.ts";
import { limitsOf, ratesOf } from "./jobs/job-config.ts";
import { JobRunner, type Work } from "./jobs/job-runner.ts";
import type { JobStore } from "./jobs/job-store.ts";
import { ContentCache } from "./plans/content-cache.ts";
import { EditPlanner } from "./plans/edit-planner.ts";
import { PlanMaker } from "./plans/plan-maker.ts";
import { PlanStore } from "./plans/plan-store.ts";
import { PromptEncoder } from "./plans/prompt-encoder.ts";
import type { Moderation } from "./safety/moderation.ts";
import { openModeration } from "./safety/open-moderation.ts";
import { TOOL } from "./finishing/tool.ts";
import { openSigner } from "./signing/open-signer.ts";
import { openStorage } from "./storage/open-storage.ts";
import type { Storage } from "./storage/storage.ts";
import { countJob, createGatewayMetrics } from "./telemetry/gateway-metrics.ts";

/** Everything that the gateway is made of, beside its HTTP side. */
export interface GatewayParts {
  readonly config: GatewayConfig;
  readonly logger: Logger;
  readonly metrics: ReturnType<typeof createMetrics>;
  readonly gatewayMetrics: ReturnType<typeof createGatewayMetrics>;
  readonly backends: Backends;
  readonly database: Database;
  readonly storage: Storage;
  readonly store: JobStore;
  readonly plans: PlanStore;
  readonly planMaker: PlanMaker;
  readonly starter: EditStarter;
  readonly rates: RateLimits;
  readonly work: Work;
  readonly runner: JobRunner;
  readonly batches: Batches;
  /** Takes no more jobs, lets the running ones end and waits for `answered`; a queue that would be lost with the process is emptied. */
  drain(answered?: Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Polling finds jobs that no notice told of: put back ones whose pause is over, and those of a lost connection. */
const pollMs = 500;
const sweepMs = 1000;
const longestPauseMs = 30_000;
/** Longest wait for a model service to say that it serves. */
const readyMs = 5000;

/** Opens database and storage and puts the parts together. Nothing runs yet: see `runner.start`. */
export async function openParts(
  config: GatewayConfig,
  logger: Logger,
  given: { readonly database?: Database; readonly moderation?: Moderation; readonly share?: RowShare } = {},
): Promise<GatewayParts> {
  checkStorage(config);
  const dispatches = dispatchesBatches(config) && !given.share;
  const metrics = createMetrics({ service: "gateway", process: true });
  const gatewayMetrics = createGatewayMetrics(metrics);
  const { mllmAddress: mllm, clipAddress: clip, diffusionAddress: diffusion } = config;
  const backends = connectBackends({ mllm, clip, diffusion }, metrics);
  const database = given.database ?? (await openDatabase(config, logger));
  const scratch = config.dataDir ?? (await mkdtemp(join(tmpdir(), "moodifier-gateway-")));
  const storage = await openStorage(config, scratch);
  const { leaseSeconds, retentionMs, maxLosses, maxAttempts, retryMs, concurrency } = config;
  const store = await DatabaseJobStore.start(database, {
    maxQueued: { interactive: config.maxQueue, batch: config.maxBatchQueue },
    finishWithinMs: { interactive: config.editTimeoutMs, batch: config.batchTimeoutMs },
    retentionMs,
    leaseSeconds,
    maxLosses,
    limitsOf: (tenantId) => limitsOf(config, tenantId),
    logger,
    onEnd: (job) => countJob(gatewayMetrics, job),
  });
  const plans = new PlanStore(database);
  const cache = new ContentCache({
    maxBytes: config.cacheBytes,
    maxAgeMs: config.cacheMs,
    onLook: (kind, result) => metrics.cacheRequests.inc({ cache: kind, result }),
  });
  const planner = new EditPlanner(backends, plans, cache);
  const encoder = new PromptEncoder(backends, cache);
  const rates = new RateLimits(database, (tenantId) => ratesOf(config, tenantId));
  const moderation = given.moderation ?? (await openModeration(config));
  const sourceType = config.digitalSourceType;
  const signer = await openSigner(config, { tool: TOOL, sourceType });
  const finisher = { moderation, sourceType, signer };
  const work = withPictures(storage, createEditWork({ backends, metrics, storage, planner, encoder, finisher }));
  const durable = config.databaseUrl !== undefined || config.dataDir !== undefined;
  const runner = new JobRunner(
    store,
    work,
    {
      concurrency,
      interactiveSlots: Math.min(concurrency, config.interactiveSlots ?? (concurrency > 1 ? 1 : 0)),
      leaseSeconds,
      pollMs,
      sweepMs,
      retry: { maxAttempts, baseMs: retryMs, maxMs: longestPauseMs },
      isReady: () => isReady(backends, storage),
      durable,
    },
    { logger, metrics, gatewayMetrics },
  );
  const onRowEnd = (status: string) => gatewayMetrics.batchRows.inc({ status });
  const shards = dispatches ? openShardRunner(config, logger) : undefined;
  const whose = { shards, share: given.share };
  const batches = new Batches(
    { database, storage, jobs: store, plans, rates, signer, logger, onRowEnd, ...whose },
    config,
  );
  const drain = async (answered?: Promise<void>): Promise<void> => {
    await batches.stop();
    const drained = runner.stop(config.drainMs);
    const endWaiting = async (): Promise<void> => {
      if (durable) return;
      const text = "The gateway shut down before the edit began.";
      await store.endWaiting(toProblem(new MoodError("UNAVAILABLE", "SHUTTING_DOWN", text)));
    };
    await endWaiting();
    await Promise.all([drained, answered]);
    // Those that came while the others ended.
    await endWaiting();
    await store.close();
  };
  const close = async (): Promise<void> => {
    backends.close();
    await moderation.close();
    await signer.close();
    await storage.close();
    if (!given.database) await database.close();
    if (config.dataDir === undefined) await rm(scratch, { recursive: true, force: true });
  };
  return {
    config,
    logger,
    metrics,
    gatewayMetrics,
    backends,
    database,
    storage,
    store,
    plans,
    planMaker: new PlanMaker({ backends, planner, store: plans, storage }),
    starter: new EditStarter({ store, storage, rates }),
    rates,
    work,
    runner,
    batches,
    drain,
    close,
  };
}

/** Whether this process hands batches to a shard runner: workers don't, they have no rights on the cluster. */
function dispatchesBatches({ batchRunner, databaseUrl, role }: GatewayConfig): boolean {
  if (batchRunner === "process" || role === "worker") return false;
  if (databaseUrl !== undefined) return true;
  const text =
    "invalid configuration: MOODIFIER_DATABASE_URL: expected a PostgreSQL database that all shards share, because MOODIFIER_BATCH_RUNNER is shards; got nothing";
  throw new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", text);
}

/** Whether every model service serves and the storage isn't away or full. */
async function isReady(backends: Backends, storage: Storage): Promise<boolean> {
  const services = await checkBackends(backends, readyMs);
  if (!services.every(({ ready }) => ready)) return false;
  return storage.check().then(
    () => true,
    (error: unknown) => toMoodError(error).code !== "UNAVAILABLE",
  );
}

/** Jobs that outlive this process, or are run by another, need pictures that do too. */
function checkStorage({ databaseUrl, dataDir, storage }: GatewayConfig): void {
  if (databaseUrl === undefined || storage !== undefined || dataDir !== undefined) return;
  const text =
    "invalid configuration: MOODIFIER_STORAGE: expected a folder or s3://bucket/prefix that all gateways and workers share, because MOODIFIER_DATABASE_URL is set; got nothing";
  throw new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", text);
}
