import { BatchV1Api, type V1Job } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, emptyImages, namespace, startCluster } from "./cluster/cluster.ts";

/** Index 7 always fails, 13 is beyond hope (exit code 42), 21 fails once; the others end well. */
const work = `
  const index = Number(process.env.JOB_COMPLETION_INDEX);
  if (index === 13) process.exit(42);
  if (index === 7) process.exit(1);
  if (index === 21 && process.env.FAILURES === "0") process.exit(1);
  setTimeout(() => process.exit(0), 50);
`;

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ ...emptyImages, command: () => [process.execPath, "--eval", work] });
});
afterAll(() => cluster?.stop());

const job: V1Job = {
  metadata: { name: "batch" },
  spec: {
    completionMode: "Indexed",
    completions: 50,
    parallelism: 8,
    backoffLimitPerIndex: 1,
    maxFailedIndexes: 10,
    podReplacementPolicy: "Failed",
    podFailurePolicy: {
      rules: [
        { action: "FailIndex", onExitCodes: { containerName: "row", operator: "In", values: [42] } },
        { action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] },
      ],
    },
    template: {
      spec: {
        restartPolicy: "Never",
        automountServiceAccountToken: false,
        securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
        containers: [
          {
            name: "row",
            image: "moodifier/gateway:0.1.0",
            env: [
              field("JOB_COMPLETION_INDEX", "batch.kubernetes.io/job-completion-index"),
              field("FAILURES", "batch.kubernetes.io/job-index-failure-count"),
            ],
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          },
        ],
      },
    },
  },
};

function field(name: string, annotation: string) {
  return { name, valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${annotation}']` } } };
}

describe("an Indexed Job of 50 rows", () => {
  it("keeps the failed rows apart from the others", async () => {
    const batch = cluster.plane.config.makeApiClient(BatchV1Api);
    const startedAt = performance.now();
    await batch.createNamespacedJob({ namespace, body: job });
    const read = async () => (await batch.readNamespacedJob({ name: "batch", namespace })).status;
    await expect
      .poll(async () => (await read())?.conditions?.find(({ type }) => type === "Failed")?.status, {
        timeout: 240_000,
        interval: 500,
      })
      .toBe("True");
    const status = await read();
    console.log(`Indexed Job of 50 rows: ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
    expect(status).toMatchObject({ succeeded: 48, failedIndexes: "7,13", completedIndexes: "0-6,8-12,14-49" });
    // Row 7 was tried twice, row 13 once, row 21 twice.
    expect(status?.failed).toBe(4);
  });

  it("can be suspended, and then runs nothing", async () => {
    const batch = cluster.plane.config.makeApiClient(BatchV1Api);
    const body = { ...job, metadata: { name: "waiting" }, spec: { ...job.spec!, suspend: true } };
    await batch.createNamespacedJob({ namespace, body });
    const suspended = async () => {
      const { status } = await batch.readNamespacedJob({ name: "waiting", namespace });
      return status?.conditions?.find(({ type }) => type === "Suspended")?.status;
    };
    await expect.poll(suspended, { timeout: 30_000, interval: 500 }).toBe("True");
    expect((await batch.readNamespacedJob({ name: "waiting", namespace })).status?.active ?? 0).toBe(0);
  });
});
