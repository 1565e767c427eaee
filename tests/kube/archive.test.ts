import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { BatchV1Api, type V1PodTemplateSpec } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loginAs } from "./accounts.ts";
import {
  chart,
  type Cluster,
  createClaim,
  emptyImages,
  namespace,
  release,
  root,
  startCluster,
} from "./cluster/cluster.ts";

const run = promisify(execFile);
const cli = path.join(root, "apps/cli/dist/main.js");
const runShards = path.join(root, "services/gateway/dist/cluster/run-shards.js");

/** An operator's template: the command line's image on a volume that all pods share. */
const template: V1PodTemplateSpec = {
  spec: {
    automountServiceAccountToken: false,
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: "RuntimeDefault" } },
    containers: [
      {
        name: "archive",
        image: "moodifier/cli:test",
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        volumeMounts: [{ name: "archive", mountPath: "/archive" }],
      },
    ],
    volumes: [{ name: "archive", persistentVolumeClaim: { claimName: "archive" } }],
  },
};
const stages = [
  ["collect", "--provider", "world", "--count", "12", "--unit-size", "3", "--size", "128", "--categories", "face"],
  ["filter", "--no-nsfw"],
];

let cluster: Cluster;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cluster = await startCluster({
    ...emptyImages,
    command: (image) => (image === "moodifier/cli:test" ? [process.execPath, cli] : undefined),
  });
  await createClaim(cluster, "archive");
  const install = ["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"];
  await cluster.helm(install, {
    database: { existingSecret: "database" },
    objectStore: { bucket: "pictures" },
    clusterJobs: { enabled: true },
  });
  const file = (name: string, text: string) => {
    writeFileSync(path.join(cluster.folder, name), text, { mode: 0o600 });
    return path.join(cluster.folder, name);
  };
  env = {
    PATH: process.env["PATH"],
    // The rights of the gateway's account are enough.
    KUBECONFIG: file("account", (await loginAs(cluster, "gateway")).exportConfig()),
    MOODIFIER_SHARD_RUNNER: "kubernetes",
    MOODIFIER_JOB_TEMPLATE: file("template.yaml", stringify(template)),
    MOODIFIER_JOB_NAMESPACE: namespace,
  };
});
afterAll(() => cluster?.stop());

/** Every file below a folder that tells of pictures, with its bytes; summaries hold times. */
function contentsOf(folder: string): Record<string, string> {
  const names = readdirSync(path.join(folder, "stages"), { recursive: true, encoding: "utf8" });
  const told = names.filter((name) => /\.(jsonl|pack)$/.test(name)).sort();
  return Object.fromEntries(told.map((name) => [name, readFileSync(path.join(folder, "stages", name), "base64")]));
}

describe("stages of MoodArchive as Indexed Jobs", () => {
  it("make the files that one process makes", async () => {
    const alone = path.join(cluster.folder, "alone");
    mkdirSync(alone);
    for (const [index, stage] of stages.entries()) {
      await run(process.execPath, [cli, "archive", ...stage, "-o", path.join(alone, "spring")]);
      const work = ["archive", ...stage, "-o", "/archive/spring", "--shard", "{shard}"];
      const args = [runShards, "--id", `spring ${index}`, "--shards", "4", "--parallelism", "2", "--", ...work];
      const { stdout } = await run(process.execPath, args, { env });
      expect(JSON.parse(stdout)).toEqual({ succeeded: [0, 1, 2, 3], failed: [], unfinished: [] });
    }
    const shared = contentsOf(path.join(cluster.folder, "logs/volumes/archive/spring"));
    expect(Object.keys(shared).filter((name) => name.endsWith(".pack"))).toHaveLength(4);
    expect(shared).toEqual(contentsOf(path.join(alone, "spring")));
    const jobs = cluster.plane.config.makeApiClient(BatchV1Api);
    await expect.poll(async () => (await jobs.listNamespacedJob({ namespace })).items.length).toBe(0);
  });

  it("tell which shards failed, with exit code 1", async () => {
    const work = ["archive", "score", "-o", "/archive/spring", "--shard", "{shard}", "--model-dir", "/nowhere"];
    const args = [runShards, "--id", "spring score", "--shards", "2", "--parallelism", "2", "--", ...work];
    const ended = run(process.execPath, args, { env: { ...env, MOODIFIER_SHARD_RETRIES: "0" } });
    await expect(ended).rejects.toMatchObject({ code: 1, stdout: expect.stringContaining('"failed":[0,1]') });
  });
});
