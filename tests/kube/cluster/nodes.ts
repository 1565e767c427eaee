import { mkdirSync } from "node:fs";
import {
  CoordinationV1Api,
  CoreV1Api,
  type KubeConfig,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from "@kubernetes/client-node";
import type { ContainerHome, Images } from "./container-process.ts";
import { nextPodIp } from "./pod-addresses.ts";
import { PodRunner } from "./pod-runner.ts";

/** Stand-ins of kubelets: nodes whose pods run as processes of this machine. */
export interface Nodes {
  /** Process ids of the pods whose name starts so. */
  pids(prefix: string): number[];
  stop(): Promise<void>;
}

/** Options of {@link startNodes}. */
export interface NodesOptions {
  readonly count: number;
  readonly images: Images;
  /** For logs and volumes. */
  readonly folder: string;
  readonly hostsFile: string;
}

const mergePatch = setHeaderOptions("Content-Type", PatchStrategy.MergePatch);
const heartbeatMs = 10_000;
const capacity = { cpu: "64", memory: "256Gi", pods: "500", "nvidia.com/gpu": "8" };

/** Registers nodes and runs every pod that the scheduler binds to them. */
export async function startNodes(config: KubeConfig, options: NodesOptions): Promise<Nodes> {
  const core = config.makeApiClient(CoreV1Api);
  const leases = config.makeApiClient(CoordinationV1Api);
  mkdirSync(options.folder, { recursive: true });
  const { images, folder, hostsFile } = options;
  const home: ContainerHome = { images, config, core, folder, hostsFile };
  const names = Array.from({ length: options.count }, (_, index) => `node-${index}`);
  for (const [index, name] of names.entries()) await register(core, leases, name, `zone-${index % 3}`);
  const beat = setInterval(() => {
    for (const name of names) void renew(leases, name);
  }, heartbeatMs);

  const runners = new Map<string, PodRunner>();
  const follow = (pod: V1Pod) => {
    const { uid, deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata!;
    if (!names.includes(pod.spec?.nodeName ?? "")) return;
    let runner = runners.get(uid!);
    if (!runner) {
      runner = new PodRunner(pod, nextPodIp(), home);
      runners.set(uid!, runner);
      if (!deletionTimestamp) void runner.start();
    }
    if (deletionTimestamp) void runner.terminate(deletionGracePeriodSeconds ?? 30);
  };
  const informer = makeInformer(config, "/api/v1/pods", () => core.listPodForAllNamespaces());
  informer.on("add", follow);
  informer.on("update", follow);
  informer.on("delete", (pod) => {
    runners.get(pod.metadata!.uid!)?.kill();
    runners.delete(pod.metadata!.uid!);
  });
  let stopped = false;
  informer.on("error", () => void setTimeout(() => stopped || void informer.start(), 300));
  await informer.start();
  const podNames = () => new Map(informer.list().map((pod) => [pod.metadata!.uid!, pod.metadata!.name!]));
  return {
    pids(prefix) {
      const known = podNames();
      return [...runners]
        .filter(([uid]) => known.get(uid)?.startsWith(prefix))
        .flatMap(([, runner]) => (runner.pid === undefined ? [] : [runner.pid]));
    },
    async stop() {
      stopped = true;
      clearInterval(beat);
      await informer.stop();
      for (const runner of runners.values()) runner.kill();
    },
  };
}

async function register(core: CoreV1Api, leases: CoordinationV1Api, name: string, zone: string): Promise<void> {
  const labels = {
    "kubernetes.io/hostname": name,
    "kubernetes.io/os": "linux",
    "topology.kubernetes.io/zone": zone,
  };
  const at = new Date();
  const ready = { type: "Ready", status: "True", reason: "Stands", lastTransitionTime: at, lastHeartbeatTime: at };
  await core.createNode({
    body: { metadata: { name, labels }, status: { capacity, allocatable: capacity, conditions: [ready] } },
  });
  const spec = { holderIdentity: name, leaseDurationSeconds: 40 };
  await leases.createNamespacedLease({ namespace: "kube-node-lease", body: { metadata: { name }, spec } });
  await renew(leases, name);
}

async function renew(leases: CoordinationV1Api, name: string): Promise<void> {
  const body = { spec: { renewTime: new Date().toISOString().replace("Z", "000Z") } };
  await leases.patchNamespacedLease({ namespace: "kube-node-lease", name, body }, mergePatch).catch(() => undefined);
}
