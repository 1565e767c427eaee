import { AppsV1Api, AutoscalingV2Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chart, type Cluster, emptyImages, namespace, release, startCluster } from "./cluster/cluster.ts";
import { type ExternalMetrics, startExternalMetrics } from "./cluster/external-metrics.ts";

const name = "mood-moodifier-diffusion";
const maxReplicas = 32;
/** Rows per editor: 1,000 rows want 40 editors and get the most there may be. */
const rowsPerPod = 25;
const values = {
  services: {
    diffusion: {
      autoscaling: {
        mode: "hpa",
        minReplicas: 2,
        maxReplicas,
        scaleDownStabilizationSeconds: 0,
        hpa: { cpuPercent: 0, externalMetric: { name: "moodifier_backlog", averageValue: String(rowsPerPod) } },
      },
    },
  },
};

let cluster: Cluster;
let metrics: ExternalMetrics;

beforeAll(async () => {
  cluster = await startCluster(emptyImages, 4);
  metrics = await startExternalMetrics(cluster.plane);
  metrics.set("moodifier_backlog", 0);
  await cluster.helm(["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"], values);
});
afterAll(async () => {
  await metrics?.stop();
  await cluster?.stop();
});

async function readyReplicas(): Promise<number> {
  const { status } = await cluster.plane.config.makeApiClient(AppsV1Api).readNamespacedDeployment({ name, namespace });
  return status?.readyReplicas ?? 0;
}

describe("the autoscaler", () => {
  it("reads the external metric and keeps the least without demand", async () => {
    const autoscaling = cluster.plane.config.makeApiClient(AutoscalingV2Api);
    const active = async () => {
      const { status } = await autoscaling.readNamespacedHorizontalPodAutoscaler({ name, namespace });
      return status?.conditions?.find(({ type }) => type === "ScalingActive")?.status;
    };
    await expect.poll(active, { timeout: 60_000, interval: 500 }).toBe("True");
    await expect.poll(readyReplicas, { timeout: 60_000, interval: 500 }).toBe(2);
  });

  it("goes from a backlog of 1,000 rows to the last needed replica", async () => {
    const startedAt = performance.now();
    metrics.set("moodifier_backlog", 1000);
    const reached: Record<number, number> = {};
    await expect
      .poll(
        async () => {
          const ready = await readyReplicas();
          reached[ready] ??= Math.round(performance.now() - startedAt);
          return ready;
        },
        { timeout: 200_000, interval: 200 },
      )
      .toBe(maxReplicas);
    const seconds = (performance.now() - startedAt) / 1000;
    console.log(
      `scale-up: 2 to ${maxReplicas} replicas for 1,000 rows in ${seconds.toFixed(1)} s; ready at ms`,
      reached,
    );
    // Doubling at most every 15 s: 2, 6, 12, 24, 32.
    expect(seconds).toBeLessThan(150);
  });

  it("goes down one pod at a time", async () => {
    metrics.set("moodifier_backlog", 0);
    await expect.poll(readyReplicas, { timeout: 120_000, interval: 500 }).toBe(maxReplicas - 1);
    await new Promise((resolve) => setTimeout(resolve, 10_000));
    expect(await readyReplicas()).toBe(maxReplicas - 1);
  });
});
