import { BatchV1Api, type V1PodTemplateSpec } from "@kubernetes/client-node";
import { createLogger } from "@moodifier/service-kit";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { KubernetesRunner } from "../../services/gateway/src/cluster/kubernetes-runner.ts";
import type { ShardedWork } from "../../services/gateway/src/cluster/shard-runner.ts";
import { loginAs } from "./accounts.ts";
import { chart, type Cluster, emptyImages, namespace, release, startCluster } from "./cluster/cluster.ts";

/** Shard 7 always fails, 13 is beyond hope, 21 fails at its first try; the others end well. */
const worker = `
  const shard = Number(process.argv[1].split("/")[0]);
  if (shard === 13) process.exit(42);
  if (shard === 7) process.exit(1);
  if (shard === 21 && process.env.FAILURES === "0") process.exit(1);
  setTimeout(() => process.exit(0), 50);
`;
const template: V1PodTemplateSpec = {
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "worker",
        image: "moodifier/worker:test",
        env: [
          {
            name: "FAILURES",
            valueFrom: {
              fieldRef: { fieldPath: "metadata.annotations['batch.kubernetes.io/job-index-failure-count']" },
            },
          },
        ],
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
      },
    ],
  },
};
const work: ShardedWork = { id: "catalogue of spring", args: ["{shard}"], shards: 50, parallelism: 8 };

let cluster: Cluster;
let runner: KubernetesRunner;

beforeAll(async () => {
  cluster = await startCluster({
    ...emptyImages,
    command: (image) => (image === "moodifier/worker:test" ? [process.execPath, "--eval", worker] : undefined),
  });
  const install = ["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"];
  await cluster.helm(install, {
    database: { existingSecret: "database" },
    objectStore: { bucket: "pictures" },
    clusterJobs: { enabled: true },
  });
});
afterEach(() => runner?.close());
afterAll(() => cluster?.stop());

/** As the gateway makes it: with the rights of the gateway's own account. */
async function createRunner(queue?: string): Promise<KubernetesRunner> {
  runner = new KubernetesRunner({
    config: await loginAs(cluster, "gateway"),
    logger: createLogger({ service: "test", level: "silent" }),
    runner: "test",
    namespace,
    template,
    retries: 1,
    keepSeconds: 600,
    patienceMs: 20_000,
    silenceMs: 10_000,
    retryMs: { base: 200, max: 2000 },
    ...(queue !== undefined && { queue }),
  });
  return runner;
}

const jobs = async () => (await cluster.plane.config.makeApiClient(BatchV1Api).listNamespacedJob({ namespace })).items;

describe("an Indexed batch of 50 shards with the gateway's account", () => {
  it("keeps failed shards apart, tries again what may succeed, and is removed", async () => {
    const running = (await createRunner()).run(work);
    let failedPods = 0;
    const watch = setInterval(() => {
      void jobs().then(([job]) => (failedPods = Math.max(failedPods, job?.status?.failed ?? 0)));
    }, 300);
    const startedAt = performance.now();
    const report = await running;
    clearInterval(watch);
    console.log(`Indexed Job of 50 shards, 8 at a time: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    expect(report.failed).toEqual([7, 13]);
    expect(report.succeeded).toHaveLength(48);
    expect(report.unfinished).toEqual([]);
    // Shard 7 was tried twice, 13 once, 21 twice.
    expect(failedPods).toBeLessThanOrEqual(4);
    expect(failedPods).toBeGreaterThan(0);
    await expect.poll(async () => (await jobs()).length, { timeout: 30_000 }).toBe(0);
  });

  it("goes on when the API server is killed in its middle", async () => {
    const running = (await createRunner()).run({ ...work, id: "catalogue of autumn" });
    await expect.poll(async () => (await jobs())[0]?.status?.succeeded ?? 0, { timeout: 60_000 }).toBeGreaterThan(5);
    await cluster.plane.restartApiServer(2000);
    expect((await jobs())[0]?.status?.succeeded ?? 0).toBeLessThan(48);
    const report = await running;
    expect(report.failed).toEqual([7, 13]);
    expect(report.succeeded).toHaveLength(48);
    await expect.poll(async () => (await jobs()).length, { timeout: 30_000 }).toBe(0);
  });

  it("waits for Kueue where a queue is named, and can be stopped", async () => {
    const stop = new AbortController();
    const running = (await createRunner("night")).run({ ...work, id: "waiting" }, { signal: stop.signal });
    const suspended = async () =>
      (await jobs())[0]?.status?.conditions?.find(({ type }) => type === "Suspended")?.status;
    await expect.poll(suspended, { timeout: 60_000, interval: 500 }).toBe("True");
    const [job] = await jobs();
    expect(job?.metadata?.labels?.["kueue.x-k8s.io/queue-name"]).toBe("night");
    expect(job?.status?.active ?? 0).toBe(0);
    stop.abort(new Error("enough"));
    await expect(running).rejects.toThrow("enough");
    await expect.poll(async () => (await jobs()).length, { timeout: 30_000 }).toBe(0);
  });
});
