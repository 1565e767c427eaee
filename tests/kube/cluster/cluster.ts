import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { CoreV1Api } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { kubeTools } from "../../../scripts/kube-tools.mjs";
import type { Images } from "./container-process.ts";
import { type ControlPlane, startControlPlane } from "./control-plane.ts";
import { type Nodes, startNodes } from "./nodes.ts";
import { type ServiceNetwork, startServiceNetwork } from "./service-network.ts";

const run = promisify(execFile);
export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const chart = path.join(root, "deploy/helm/moodifier");

/** A cluster with stand-in nodes and the tools that speak to it. */
export interface Cluster {
  readonly plane: ControlPlane;
  readonly nodes: Nodes;
  readonly network: ServiceNetwork;
  /** Logs of the pods lie in `logs`. */
  readonly folder: string;
  /** Runs helm; values go to it as a file. Rejects with what helm printed. */
  helm(args: readonly string[], values?: Readonly<Record<string, unknown>>): Promise<string>;
  /** Runs kubectl; rejects with what it printed. */
  kubectl(args: readonly string[], input?: string): Promise<string>;
  stop(): Promise<void>;
}

export const namespace = "prod";
export const release = "mood";
export { chart };

/** Starts a cluster whose namespace `prod` enforces Pod Security "restricted". */
export async function startCluster(images: Images, nodeCount = 3): Promise<Cluster> {
  const folder = mkdtempSync(path.join(tmpdir(), "moodifier-kube-"));
  const helmPath = path.join(kubeTools("helm"), "helm");
  const kubectlPath = path.join(kubeTools("control-plane"), "kubectl");
  const hostsFile = path.join(folder, "hosts.json");
  const plane = await startControlPlane(folder);
  const labels = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/enforce-version": "latest",
  };
  await plane.config.makeApiClient(CoreV1Api).createNamespace({ body: { metadata: { name: namespace, labels } } });
  const network = await startServiceNetwork(plane.config, hostsFile);
  const nodes = await startNodes(plane.config, {
    count: nodeCount,
    images,
    folder: path.join(folder, "logs"),
    hostsFile,
  });
  const env = { ...process.env, KUBECONFIG: plane.kubeconfig, HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder };
  const call = async (file: string, args: readonly string[], input?: string) => {
    const started = run(file, args, { env, maxBuffer: 2 ** 26 });
    started.child.stdin?.end(input ?? "");
    return (await started).stdout;
  };
  return {
    plane,
    nodes,
    network,
    folder,
    helm: (args, values) =>
      call(helmPath, [...args, ...(values ? ["--values", "-"] : [])], values && stringify(values)),
    kubectl: (args, input) => call(kubectlPath, args, input),
    async stop() {
      await nodes.stop();
      await network.stop();
      await plane.stop();
      if (process.env["KEEP_CLUSTER_LOGS"] === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Images without processes: their pods only exist, and are ready at once. */
export const emptyImages: Images = { command: () => undefined, folder: (reference) => `/nowhere/${reference}` };

/** A bound claim that many pods can write to; its pods share a folder of this machine. */
export async function createClaim(cluster: Cluster, name: string): Promise<void> {
  const core = cluster.plane.config.makeApiClient(CoreV1Api);
  const shared = { accessModes: ["ReadWriteMany"], storageClassName: "" };
  const capacity = { storage: "1Gi" };
  await core.createPersistentVolume({
    body: { metadata: { name }, spec: { ...shared, capacity, hostPath: { path: "/nowhere" } } },
  });
  await core.createNamespacedPersistentVolumeClaim({
    namespace,
    body: { metadata: { name }, spec: { ...shared, volumeName: name, resources: { requests: capacity } } },
  });
}
