import { execFileSync, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseAllDocuments, stringify } from "yaml";
import { kubeTools } from "../../scripts/kube-tools.mjs";

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
export const chartPath = path.join(root, "deploy/helm/moodifier");
const helm = path.join(kubeTools("helm"), "helm");

/** A rendered object; what a test reads of it is asserted, not typed. */
// oxlint-disable-next-line typescript/no-explicit-any
export type Manifest = any;

/** Values of the chart; maps merge into the defaults. */
export type Values = Readonly<Record<string, unknown>>;

/** Renders the chart as release `mood` in namespace `prod`. Throws with helm's words when the values are refused. */
export function renderText(values: Values = {}): string {
  const args = ["template", "mood", chartPath, "--namespace", "prod", "--kube-version", "1.36.0", "--values", "-"];
  const done = spawnSync(helm, args, { input: stringify(values), encoding: "utf8" });
  if (done.status !== 0) throw new Error(done.stderr);
  return done.stdout;
}

/** The rendered objects. */
export function render(values: Values = {}): Manifest[] {
  return parseAllDocuments(renderText(values))
    .map((document) => document.toJS() as Manifest)
    .filter((manifest) => manifest !== null);
}

/** The one object of this kind and name (without the release's prefix); undefined when it is not rendered. */
export function find(manifests: readonly Manifest[], kind: string, name: string): Manifest {
  const full = name === "" ? "mood-moodifier" : `mood-moodifier-${name}`;
  return manifests.find((manifest) => manifest.kind === kind && manifest.metadata.name === full);
}

/** The pod of a service's Deployment. */
export const podOf = (manifests: readonly Manifest[], name: string): Manifest =>
  find(manifests, "Deployment", name).spec.template.spec;

/** The container of that pod. */
export const containerOf = (manifests: readonly Manifest[], name: string): Manifest =>
  podOf(manifests, name).containers[0];

/** The environment of that container, by name. */
export const envOf = (manifests: readonly Manifest[], name: string): Record<string, Manifest> =>
  Object.fromEntries(containerOf(manifests, name).env.map((entry: Manifest) => [entry.name, entry]));

/** How often each kind is rendered. */
export function countKinds(manifests: readonly Manifest[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of manifests) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

/** `helm lint --strict`; throws with its findings. */
export function lint(values: Values = {}): string {
  return execFileSync(helm, ["lint", "--strict", "--kube-version", "1.36.0", "--values", "-", chartPath], {
    input: stringify(values),
    encoding: "utf8",
  });
}

/** A database and a place for pictures outside the release, as everything that is shared needs them. */
export const external: Values = { database: { existingSecret: "database" }, objectStore: { claim: "pictures" } };

/** Every switch on, with what each needs. */
export const everything: Values = {
  images: { registry: "registry.example.com/", pullSecrets: ["pull"] },
  models: {
    family: "sd15",
    source: "init",
    init: { url: "https://models.example.com", manifestSha256: "0".repeat(64) },
  },
  database: { existingSecret: "database" },
  objectStore: { bucket: "pictures", endpoint: "https://s3.example.com", existingSecret: "object-store" },
  signing: { existingSecret: "c2pa" },
  clusterJobs: { enabled: true },
  ingress: { enabled: true, className: "nginx", tlsSecret: "tls" },
  httpRoute: { enabled: true, parentRefs: [{ name: "edge" }], hostnames: ["moodifier.example.com"] },
  telemetry: { otlpEndpoint: "http://collector:4318" },
  monitoring: {
    serviceMonitor: { enabled: true, labels: { release: "prometheus" } },
    prometheusRule: { enabled: true },
    dashboards: { enabled: true },
  },
  services: {
    worker: { enabled: true, autoscaling: { mode: "keda", keda: { postgresql: { enabled: true } } } },
    gateway: { autoscaling: { mode: "keda", keda: { postgresql: { enabled: true } } } },
    mllm: {
      env: {
        MOODIFIER_CHAT: "openai",
        MOODIFIER_CHAT_URL: "https://chat.example.com/v1",
        MOODIFIER_CHAT_MODEL: "llava",
      },
      secretEnv: { MOODIFIER_CHAT_KEY: { secret: "chat", key: "token" } },
      autoscaling: { mode: "keda", keda: { prometheus: { serverAddress: "http://prometheus:9090" } } },
    },
    clip: { autoscaling: { mode: "hpa" } },
    diffusion: {
      accelerator: "nvidia",
      gpu: { runtimeClassName: "nvidia" },
      autoscaling: {
        mode: "hpa",
        hpa: {
          cpuPercent: 0,
          externalMetric: { name: "moodifier_queue_depth", matchLabels: { service: "diffusion" } },
        },
      },
    },
  },
};
