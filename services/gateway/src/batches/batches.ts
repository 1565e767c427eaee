import type { S3Client } from "@aws-sdk/client-s3";
import type { Logger } from "@moodifier/service-kit";
import type { ShardRunner } from "../cluster/shard-runner.ts";
import type { Database } from "../database/database.ts";
import type { RateLimits } from "../http/rate-limits.ts";
import { maxImageBytes } from "../http/upload.ts";
import type { JobSettings } from "../jobs/job-config.ts";
import type { JobStore } from "../jobs/job-store.ts";
import type { PlanStore } from "../plans/plan-store.ts";
import { SourceReader } from "../sources/source-reader.ts";
import { UploadStore } from "../sources/upload-store.ts";
import type { Signer } from "../signing/signer.ts";
import { collectGarbage, type GarbageReport } from "../storage/collect-garbage.ts";
import { createS3Client, type StorageSettings } from "../storage/open-storage.ts";
import type { Storage } from "../storage/storage.ts";
import type { Batch } from "./batch.ts";
import type { BatchSettings } from "./batch-config.ts";
import { BatchFeed } from "./batch-feed.ts";
import { BatchRunner } from "./batch-runner.ts";
import { BatchStore } from "./batch-store.ts";
import { type Estimate, estimateBatch, type Price } from "./estimate.ts";
import { openOutput } from "./outputs/open-output.ts";
import type { Output } from "./outputs/output.ts";
import { referencedKeys } from "./referenced-keys.ts";
import { RowEdits } from "./row-edits.ts";
import { RowQueue } from "./row-queue.ts";
import { runRow } from "./row-work.ts";
import { BatchDispatcher } from "./shards/batch-dispatcher.ts";
import type { RowShare } from "./shards/row-share.ts";

/** What batches stand on. */
export interface BatchParts {
  readonly database: Database;
  readonly storage: Storage;
  readonly jobs: JobStore;
  readonly plans: PlanStore;
  readonly rates: RateLimits;
  readonly signer: Signer;
  readonly logger: Logger;
  /** Runs the batches instead of this process. */
  readonly shards?: ShardRunner | undefined;
  /** The only rows that this process runs; those of all batches unless told. */
  readonly share?: RowShare | undefined;
  /** Told how each row ends. */
  readonly onRowEnd?: ((status: "succeeded" | "failed") => void) | undefined;
}

export type BatchesConfig = BatchSettings &
  StorageSettings &
  Pick<JobSettings, "tenants" | "tenantConcurrency"> & {
    readonly concurrency: number;
    readonly leaseSeconds: number;
    readonly batchTimeoutMs: number;
    readonly interactiveSlots?: number | undefined;
    readonly heartbeatMs: number;
    readonly publicUrl?: string | undefined;
  };

const pollMs = 2000;
const sweepMs = 60_000;
/** Rows that an estimate rests on. */
const sampleRows = 10;
/** Younger objects are never garbage, in milliseconds: their reference may be on its way. */
const graceMs = 2 * 3_600_000;

/** Batches, uploads and their runner as one part of the gateway. */
export class Batches {
  readonly store: BatchStore;
  readonly uploads: UploadStore;
  readonly sources: SourceReader;
  readonly plans: PlanStore;
  readonly feed: BatchFeed;
  readonly runner: BatchRunner;
  readonly storage: Storage;
  readonly heartbeatMs: number;
  readonly publicUrl: string | undefined;
  readonly linkSeconds: number;
  readonly #edits: RowEdits;
  readonly #config: BatchesConfig;
  readonly #parts: BatchParts;
  readonly #s3: S3Client;
  readonly #dispatcher: BatchDispatcher | undefined;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(parts: BatchParts, config: BatchesConfig) {
    const { database, storage, jobs, logger } = parts;
    this.#parts = parts;
    this.#config = config;
    this.#s3 = createS3Client(config);
    this.storage = storage;
    this.plans = parts.plans;
    this.heartbeatMs = config.heartbeatMs;
    this.publicUrl = config.publicUrl;
    this.linkSeconds = config.storageLinkSeconds;
    const retentionMs = config.batchRetentionMs;
    const leaseMs = config.leaseSeconds * 1000;
    this.store = new BatchStore(database, retentionMs);
    this.uploads = new UploadStore(database, config.uploadRetentionMs);
    this.feed = new BatchFeed(this.store);
    this.#edits = new RowEdits({ jobs, storage, rates: parts.rates });
    this.sources = new SourceReader(
      { storage, uploads: this.uploads, s3: this.#s3 },
      {
        maxBytes: maxImageBytes,
        timeoutMs: config.sourceTimeoutMs,
        buckets: config.batchBuckets,
        policy: { allowNetworks: config.sourceNetworks },
      },
    );
    const work = {
      edits: this.#edits,
      sources: this.sources,
      storage,
      signer: parts.signer,
      openOutput: this.openOutput,
    };
    const queue = new RowQueue(database, { leaseMs, retentionMs, share: parts.share, mostHeld: mostHeld(config) });
    this.runner = new BatchRunner(
      { store: this.store, queue, logger },
      (claim, options) => runRow(claim, work, options),
      {
        window: config.batchWindow,
        leaseMs,
        pollMs,
        retry: { maxAttempts: 4, baseMs: 1000, maxMs: 60_000 },
        patienceMs: config.batchTimeoutMs,
        onRowEnd: parts.onRowEnd,
      },
    );
    if (parts.shards) {
      this.#dispatcher = new BatchDispatcher(
        { store: this.store, runner: parts.shards, logger },
        {
          shardRows: config.batchShardRows,
          parallelism: config.batchParallelism,
          pollMs,
          cancelJob: (id) => this.#edits.cancel(id),
        },
      );
    }
  }

  /** Begins to tell what happens, to hand batches to the shard runner and, where this process `runs` rows, to run them and to tidy up. */
  async start({ runs }: { runs: boolean }): Promise<void> {
    await this.feed.start();
    await this.#dispatcher?.start();
    if (!runs) return;
    if (this.#config.batchRunner === "process" || this.#parts.share) await this.runner.start();
    this.#every(sweepMs, () => this.store.sweep());
    if (this.#config.garbageMs > 0) this.#every(this.#config.garbageMs, () => this.collectGarbage());
  }

  /** Rows in hand go back into the queue; the edits behind them are the job runner's to end. */
  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#dispatcher?.stop();
    await this.runner.stop(0);
    await this.feed.stop();
    this.#s3.destroy();
  }

  /** Where `output.to` leads for a tenant. */
  readonly openOutput = (to: string | undefined, tenantId: string): Output =>
    openOutput(to, tenantId, {
      storage: this.storage,
      s3: this.#s3,
      checkPlace: (place, tenant) => this.sources.checkPlace(place, tenant),
      folder: this.#config.outputDir,
    });

  /** Ends a batch and the edits that run for it. */
  async cancel(tenantId: string, id: string): Promise<Batch> {
    const { batch, jobs } = await this.store.cancel(tenantId, id);
    await Promise.all(jobs.map((job) => this.#edits.cancel(job)));
    return batch;
  }

  /** What the batch will take, from its first rows. */
  async estimate(batch: Batch): Promise<Estimate | undefined> {
    if (batch.counts.succeeded === 0) return undefined;
    const { items } = await this.store.rows(batch, { limit: sampleRows, statuses: ["succeeded"] });
    const {
      concurrency,
      interactiveSlots = concurrency > 1 ? 1 : 0,
      priceMegapixelStep: perMegapixelStep,
      priceCurrency: currency,
    } = this.#config;
    const price: Price | undefined = perMegapixelStep === undefined ? undefined : { perMegapixelStep, currency };
    const parallel = Math.max(1, concurrency - interactiveSlots);
    return estimateBatch(batch, items, { parallel, ...(price && { price }) });
  }

  /** Deletes objects that neither jobs nor batches nor uploads refer to. */
  collectGarbage(): Promise<GarbageReport> {
    const { database, storage } = this.#parts;
    return collectGarbage(storage, { referenced: (keys) => referencedKeys(database, keys), graceMs });
  }

  #every(ms: number, work: () => Promise<unknown>): void {
    const timer = setInterval(() => {
      work().catch((error: unknown) => this.#parts.logger.warn({ err: error }, "could not tidy up"));
    }, ms);
    timer.unref();
    this.#timers.push(timer);
  }
}

/** The edits that a tenant may have running, one row whose picture is read and one whose files are written: more would only keep others from the window. */
function mostHeld({ tenants, tenantConcurrency }: BatchesConfig): { usual: number; of: Record<string, number> } {
  const entries = Object.entries(tenants);
  const of = entries.map(([id, { concurrency = tenantConcurrency }]) => [id, concurrency + 2] as const);
  return { usual: tenantConcurrency + 2, of: Object.fromEntries(of) };
}
