// The queue alone: jobs whose work is nothing, through the real store and runner.
import { setTimeout as sleep } from "node:timers/promises";
import { createLogger, createMetrics } from "@moodifier/service-kit";
import { DatabaseJobStore } from "../../../services/gateway/dist/jobs/database-job-store.js";
import { JobRunner } from "../../../services/gateway/dist/jobs/job-runner.js";
import { createGatewayMetrics } from "../../../services/gateway/dist/telemetry/gateway-metrics.js";
import { round, summarize } from "./figures.mjs";
import { openBenchDatabase } from "./open-database.mjs";

const picture = { key: "0".repeat(64), mediaType: "image/png", bytes: 1 };
const input = {
  settings: { emotion: "joy", intensity: 0.8, seed: 0n, previewEvery: 0 },
  image: picture,
  width: 256,
  height: 256,
};
const tenants = ["a", "b", "c", "d"];

export async function measureQueue(kind, count) {
  const { database, stop } = await openBenchDatabase(kind);
  const store = await DatabaseJobStore.start(database, {
    maxQueued: { interactive: 1e6, batch: 1e6 },
    finishWithinMs: { interactive: 3.6e6, batch: 3.6e6 },
    retentionMs: 3.6e6,
    leaseSeconds: 30,
    maxLosses: 1,
    limitsOf: () => ({ weight: 1, concurrency: 256, backlog: 1e6 }),
  });
  const job = (index) => ({ tenantId: tenants[index % tenants.length], input });
  const began = performance.now();
  const width = 8;
  await Promise.all(
    Array.from({ length: width }, async (_, lane) => {
      for (let index = lane; index < count; index += width) await store.submit(job(index));
    }),
  );
  const submitted = performance.now() - began;

  const done = { count: 0 };
  let startDelays = [];
  const work = async ({ createdAt }) => {
    startDelays.push(Date.now() - createdAt);
    return { status: "succeeded", result: picture };
  };
  const metrics = createMetrics({ service: "bench" });
  const runner = new JobRunner(
    {
      ...bind(store),
      change: async (...given) => {
        const changed = await store.change(...given);
        done.count += 1;
        return changed;
      },
    },
    work,
    {
      concurrency: 16,
      interactiveSlots: 1,
      leaseSeconds: 30,
      pollMs: 500,
      sweepMs: 1000,
      retry: { maxAttempts: 1, baseMs: 100, maxMs: 1000 },
      isReady: async () => true,
      durable: true,
    },
    {
      logger: createLogger({ service: "bench", level: "silent" }),
      metrics,
      gatewayMetrics: createGatewayMetrics(metrics),
    },
  );
  const startedAt = performance.now();
  await runner.start();
  while (done.count < count) await sleep(5);
  const ran = performance.now() - startedAt;

  // One at a time, so that only the way from submit to start counts.
  startDelays = [];
  for (let index = 0; index < 100; index += 1) {
    const before = done.count;
    await store.submit(job(index));
    while (done.count === before) await sleep(1);
  }
  const figures = {
    jobs: count,
    submits_per_s: round((count * 1000) / submitted),
    finished_jobs_per_s: round((count * 1000) / ran),
    enqueue_to_start_ms: summarize(startDelays),
  };
  await runner.stop(1000);
  await store.close();
  await stop();
  return figures;
}

/** The store's methods as own properties. */
function bind(store) {
  const names = ["claim", "renew", "requeue", "attend", "sweep", "get", "end", "watch"];
  return Object.fromEntries(names.map((name) => [name, store[name].bind(store)]));
}
