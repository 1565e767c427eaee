import { AppsV1Api, AutoscalingV2Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { chart, type Cluster, emptyImages, namespace, release, startCluster } from "./cluster/cluster.ts";
import { type ExternalMetrics, startExternalMetrics } from "./cluster/external-metrics.ts";

const name = "mood-moodifier-diffusion";
const maxReplicas = 32;
/** Rows per editor: 1,000 rows want 40 editors and get the most there may be. */
const rowsPerPod = 25;
const autoscaling = (metric: string, minReplicas: number) => ({
  mode: "hpa",
  minReplicas,
  maxReplicas,
  scaleDownStabilizationSeconds: 0,
  hpa: { cpuPercent: 0, externalMetric: { name: metric, averageValue: String(rowsPerPod) } },
});
const values = {
  services: {
    diffusion: { autoscaling: autoscaling("moodifier_backlog", 2) },
    clip: { autoscaling: autoscaling("moodifier_texts", 1) },
  },
};

let cluster: Cluster;
let metrics: ExternalMetrics;

beforeAll(async () => {
  cluster = await startCluster(emptyImages, 4);
  metrics = await startExternalMetrics(cluster.plane);
  metrics.set("moodifier_backlog", 0);
  metrics.set("moodifier_texts", 0);
  await cluster.helm(["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"], values);
});
afterAll(async () => {
  await metrics?.stop();
  await cluster?.stop();
});

async function readyReplicas(of = name): Promise<number> {
  const { status } = await cluster.plane.config
    .makeApiClient(AppsV1Api)
    .readNamespacedDeployment({ name: of, namespace });
  return status?.readyReplicas ?? 0;
}

describe("the autoscaler", () => {
  it("reads the external metric and keeps the least without demand", async () => {
    const api = cluster.plane.config.makeApiClient(AutoscalingV2Api);
    const active = async () => {
      const { status } = await api.readNamespacedHorizontalPodAutoscaler({ name, namespace });
      return status?.conditions?.find(({ type }) => type === "ScalingActive")?.status;
    };
    await expect.poll(active, { timeout: 60_000, interval: 500 }).toBe("True");
    await expect.poll(() => readyReplicas(), { timeout: 60_000, interval: 500 }).toBe(2);
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
  });

  it("takes one pod in two minutes where there is no demand", async () => {
    // By hand, for what the autoscaler itself added within the two minutes may go at once.
    const clip = "mood-moodifier-clip";
    await cluster.kubectl(["scale", "deployment", clip, "--replicas", "6", "--namespace", namespace]);
    const seen = new Set<number>();
    const read = async () => {
      const ready = await readyReplicas(clip);
      if (seen.size > 0 || ready > 4) seen.add(ready);
      return Math.min(...seen);
    };
    await expect.poll(read, { timeout: 60_000, interval: 200 }).toBe(5);
    await new Promise((resolve) => setTimeout(resolve, 20_000));
    expect(await read()).toBe(5);
  });
});
