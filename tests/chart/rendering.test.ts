import { describe, expect, it } from "vitest";
import {
  containerOf,
  countKinds,
  envOf,
  everything,
  external,
  find,
  lint,
  type Manifest,
  podOf,
  render,
  renderText,
  type Values,
} from "./chart.ts";

const services = ["gateway", "mllm", "clip", "diffusion"] as const;
const everyService = [...services, "worker"] as const;
const modelServices = ["mllm", "clip", "diffusion"] as const;
describe("helm lint --strict", () => {
  it("passes with the defaults and with every switch on", () => {
    expect(lint()).toContain("0 chart(s) failed");
    expect(lint(everything)).toContain("0 chart(s) failed");
  });
});

describe("the defaults", () => {
  const manifests = render();

  it("render the four services and nothing that is off", () => {
    expect(countKinds(manifests)).toEqual({
      Deployment: 4,
      Service: 4,
      ServiceAccount: 4,
      PodDisruptionBudget: 4,
      NetworkPolicy: 5,
    });
  });

  it("match the golden manifests", async () => {
    await expect(renderText()).toMatchFileSnapshot("golden/defaults.yaml");
    await expect(renderText(everything)).toMatchFileSnapshot("golden/everything.yaml");
  });

  it("keep the gateway single while its store is embedded", () => {
    expect(find(manifests, "Deployment", "gateway").spec).toMatchObject({
      replicas: 1,
      strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
    });
    expect(envOf(manifests, "gateway")["MOODIFIER_DATA_DIR"]?.value).toBe("/data");
    const shared = render(external);
    expect(find(shared, "Deployment", "gateway").spec.replicas).toBe(2);
    const bucket = render({ ...external, objectStore: { bucket: "pictures" } });
    expect(envOf(bucket, "gateway")["MOODIFIER_DATA_DIR"]).toBeUndefined();
    expect(envOf(bucket, "gateway")["MOODIFIER_STORAGE"]?.value).toBe("s3://pictures/");
    expect(envOf(shared, "gateway")["MOODIFIER_DATABASE_URL"]?.valueFrom.secretKeyRef).toEqual({
      name: "database",
      key: "url",
    });
  });
});

describe("every switch", () => {
  it.each<[string, Values, string, number]>([
    ["networkPolicy.enabled false", { networkPolicy: { enabled: false } }, "NetworkPolicy", 0],
    [
      "podDisruptionBudget.enabled false",
      { defaults: { podDisruptionBudget: { enabled: false } } },
      "PodDisruptionBudget",
      0,
    ],
    ["ingress.enabled", { ingress: { enabled: true } }, "Ingress", 1],
    ["httpRoute.enabled", { httpRoute: { enabled: true, parentRefs: [{ name: "edge" }] } }, "HTTPRoute", 1],
    ["clusterJobs.enabled", { ...external, clusterJobs: { enabled: true } }, "Role", 1],
    ["serviceMonitor.enabled", { monitoring: { serviceMonitor: { enabled: true } } }, "ServiceMonitor", 1],
    ["autoscaling hpa", { ...external, defaults: { autoscaling: { mode: "hpa" } } }, "HorizontalPodAutoscaler", 4],
    [
      "autoscaling keda",
      {
        ...external,
        defaults: { autoscaling: { mode: "keda", keda: { prometheus: { serverAddress: "http://prometheus" } } } },
      },
      "ScaledObject",
      4,
    ],
  ])("%s", (_name, values, kind, count) => {
    expect(countKinds(render(values))[kind] ?? 0).toBe(count);
  });

  it("renders rules and dashboards from their folders", () => {
    const on = render({ monitoring: { prometheusRule: { enabled: true }, dashboards: { enabled: true } } });
    const groups = find(on, "PrometheusRule", "")?.spec.groups ?? [];
    for (const { name, rules } of groups) expect(rules.length, name).toBeGreaterThan(0);
    for (const { data } of on.filter(({ kind }: Manifest) => kind === "ConfigMap")) {
      for (const text of Object.values(data)) expect(JSON.parse(text as string)).toHaveProperty("panels");
    }
  });
});

describe("pods", () => {
  it.each(["defaults", "everything"])("are restricted and read-only (%s)", (which) => {
    const manifests = render(which === "everything" ? everything : {});
    for (const name of which === "everything" ? everyService : services) {
      const pod = podOf(manifests, name);
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } });
      for (const container of [...pod.containers, ...(pod.initContainers ?? [])]) {
        expect(container.securityContext, name).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ["ALL"] },
        });
      }
      expect(pod.automountServiceAccountToken).toBe(which === "everything" && name === "gateway");
    }
  });

  it("get a grace longer than preStop and drain, and the drain reaches the service", () => {
    const manifests = render({ services: { mllm: { preStopSeconds: 7, drainSeconds: 40 } } });
    const pod = podOf(manifests, "mllm");
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(47);
    expect(pod.containers[0].lifecycle.preStop).toEqual({ sleep: { seconds: 7 } });
    expect(envOf(manifests, "mllm")["MOODIFIER_DRAIN_MS"]?.value).toBe("40000");
  });

  it("ask the event loop alone for liveness", () => {
    const manifests = render();
    for (const name of modelServices) {
      expect(containerOf(manifests, name)).toMatchObject({
        startupProbe: { grpc: { port: 50051 }, failureThreshold: 150 },
        readinessProbe: { grpc: { port: 50051 } },
        livenessProbe: { grpc: { port: 50051, service: "live" } },
      });
    }
    expect(containerOf(manifests, "gateway")).toMatchObject({
      // It takes jobs and shows results while model services are away.
      readinessProbe: { httpGet: { path: "/readyz?only=database", port: "http" } },
      livenessProbe: { httpGet: { path: "/healthz", port: "http" } },
    });
  });

  it("take a GPU, tolerate its nodes and wait for no spare one", () => {
    const manifests = render({ services: { diffusion: { accelerator: "nvidia" } } });
    expect(containerOf(manifests, "diffusion").resources).toMatchObject({
      requests: { "nvidia.com/gpu": "1" },
      limits: { "nvidia.com/gpu": "1" },
    });
    expect(podOf(manifests, "diffusion").tolerations).toContainEqual({
      key: "nvidia.com/gpu",
      operator: "Exists",
      effect: "NoSchedule",
    });
    expect(find(manifests, "Deployment", "diffusion").spec.strategy.rollingUpdate).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
    expect(envOf(manifests, "diffusion")["MOODIFIER_DEVICE"]?.value).toBe("cuda");
    expect(envOf(manifests, "clip")["MOODIFIER_DEVICE"]).toBeUndefined();
    expect(containerOf(manifests, "clip").resources.limits).not.toHaveProperty("nvidia.com/gpu");
  });

  it("reach the model services through headless names", () => {
    const manifests = render();
    for (const name of modelServices) {
      expect(envOf(manifests, "gateway")[`MOODIFIER_${name.toUpperCase()}_ADDRESS`]?.value).toBe(
        `dns:///mood-moodifier-${name}.prod.svc:50051`,
      );
      expect(find(manifests, "Service", name).spec.clusterIP).toBe("None");
    }
  });
});

describe("workers", () => {
  it("take the jobs from the gateways, share their pictures and answer no requests", () => {
    const manifests = render({ ...external, services: { worker: { enabled: true, replicas: 5 } } });
    expect(find(manifests, "Deployment", "worker").spec.replicas).toBe(5);
    expect(envOf(manifests, "worker")["MOODIFIER_ROLE"]?.value).toBe("worker");
    expect(envOf(manifests, "gateway")["MOODIFIER_ROLE"]?.value).toBe("api");
    for (const name of ["gateway", "worker"]) {
      expect(podOf(manifests, name).volumes).toContainEqual({
        name: "data",
        persistentVolumeClaim: { claimName: "pictures" },
      });
      expect(containerOf(manifests, name).image).toBe("moodifier/gateway:0.1.0");
    }
    const { ingress } = find(manifests, "NetworkPolicy", "worker").spec;
    expect(ingress.map(({ ports }: Manifest) => ports[0].port)).toEqual(["metrics"]);
    expect(envOf(render(external), "gateway")["MOODIFIER_ROLE"]).toBeUndefined();
  });
});

describe("labels", () => {
  it("of the selectors never change", () => {
    for (const name of everyService) {
      const golden = {
        "app.kubernetes.io/name": "moodifier",
        "app.kubernetes.io/instance": "mood",
        "app.kubernetes.io/component": name,
      };
      const manifests = render(everything);
      expect(find(manifests, "Deployment", name).spec.selector.matchLabels).toEqual(golden);
      expect(find(manifests, "Service", name).spec.selector).toEqual(golden);
      expect(find(manifests, "PodDisruptionBudget", name).spec.selector.matchLabels).toEqual(golden);
      expect(find(manifests, "NetworkPolicy", name).spec.podSelector.matchLabels).toEqual(golden);
    }
  });

  it("are on every object", () => {
    for (const { kind, metadata } of render(everything)) {
      expect(metadata.labels, `${kind} ${metadata.name}`).toMatchObject({
        "app.kubernetes.io/name": "moodifier",
        "app.kubernetes.io/instance": "mood",
        "app.kubernetes.io/managed-by": "Helm",
      });
      expect(metadata.namespace, `${kind} ${metadata.name}`).toBe("prod");
    }
  });
});

describe("network policies", () => {
  const portsOf = (manifests: readonly Manifest[], name: string) =>
    find(manifests, "NetworkPolicy", name).spec.egress.flatMap(({ ports }: Manifest) =>
      ports.map(({ port }: Manifest) => port),
    );

  it("let only the gateway and its workers call the model services", () => {
    const manifests = render();
    for (const name of modelServices) {
      const { ingress } = find(manifests, "NetworkPolicy", name).spec;
      const grpc = ingress.find(({ ports }: Manifest) => ports[0].port === "grpc");
      expect(grpc.from).toHaveLength(1);
      expect(grpc.from[0].podSelector.matchExpressions).toEqual([
        { key: "app.kubernetes.io/component", operator: "In", values: ["gateway", "worker"] },
      ]);
    }
  });

  it("open nothing outward that the values don't need", () => {
    const manifests = render();
    expect(portsOf(manifests, "gateway")).toEqual([50051]);
    for (const name of modelServices) expect(portsOf(manifests, name)).toEqual([]);
    const all = render(everything);
    expect(portsOf(all, "gateway")).toEqual([50051, 4318, 5432, 443, 443, 6443]);
    const shops = { networkPolicy: { sourceEgress: [{ ports: [{ port: 8443 }] }] } };
    const open = render({ ...external, ...shops, services: { worker: { enabled: true } } });
    for (const name of ["gateway", "worker"]) expect(portsOf(open, name)).toEqual([50051, 5432, 8443]);
    expect(portsOf(open, "mllm")).toEqual([]);
    expect(portsOf(all, "mllm")).toEqual([4318, 443, 443]);
    expect(portsOf(all, "clip")).toEqual([4318, 443]);
  });
});

describe("the address in answers", () => {
  it("is https behind an ingress with a certificate, or what the values say, and the gateway's alone", () => {
    const address = (values: Values) => envOf(render(values), "gateway")["MOODIFIER_PUBLIC_URL"]?.value;
    const ingress = { enabled: true, host: "mood.example.com", tlsSecret: "tls" };
    expect(address({})).toBeUndefined();
    expect(address({ ingress: { ...ingress, tlsSecret: "" } })).toBeUndefined();
    expect(address({ ingress })).toBe("https://mood.example.com");
    expect(address({ ingress, publicUrl: "https://api.example.com" })).toBe("https://api.example.com");
    expect(envOf(render(everything), "worker")["MOODIFIER_PUBLIC_URL"]).toBeUndefined();
  });
});

describe("authentication", () => {
  it("is by keys unless it is switched off by name", () => {
    const on = render({ auth: { operatorKeysSecret: "operators" } });
    expect(envOf(on, "gateway")["MOODIFIER_AUTH"]?.value).toBe("keys");
    expect(envOf(on, "gateway")["MOODIFIER_ALLOW_ANONYMOUS"]).toBeUndefined();
    expect(envOf(on, "gateway")["MOODIFIER_OPERATOR_KEYS"]?.valueFrom.secretKeyRef.name).toBe("operators");
    const off = render({ auth: { mode: "anonymous" } });
    expect(envOf(off, "gateway")["MOODIFIER_ALLOW_ANONYMOUS"]?.value).toBe("true");
    expect(() => render({ auth: { mode: "jwt" } })).toThrow("auth.jwt.issuer is needed");
  });
});

describe("wrong values", () => {
  it.each<[string, Values, RegExp]>([
    ["an unknown name", { services: { clip: { replica: 3 } } }, /replica/],
    ["an unknown service", { services: { painter: {} } }, /painter/],
    ["an unknown source", { models: { source: "nfs" } }, /source/],
    ["a digest that is none", { services: { clip: { image: { digest: "latest" } } } }, /digest/],
    ["a setting that is no environment name", { services: { clip: { env: { "log-level": "x" } } } }, /log-level/],
    ["tags where digests are required", { images: { requireDigest: true } }, /services.gateway.image.digest is needed/],
    [
      "replicas of an embedded store",
      { services: { gateway: { autoscaling: { mode: "hpa" } } } },
      /needs?|database.existingSecret/,
    ],
    ["gateways that share jobs but no pictures", { database: { existingSecret: "database" } }, /objectStore.bucket/],
    [
      "Jobs of an embedded store",
      { clusterJobs: { enabled: true } },
      /clusterJobs.enabled needs database.existingSecret/,
    ],
    ["workers of an embedded store", { services: { worker: { enabled: true } } }, /needs database.existingSecret/],
    ["a public address without a scheme", { publicUrl: "moodifier.example.com" }, /publicUrl/],
    [
      "an HPA without a metric",
      { services: { clip: { autoscaling: { mode: "hpa", hpa: { cpuPercent: 0 } } } } },
      /services.clip.autoscaling.hpa needs cpuPercent or externalMetric.name/,
    ],
    ["KEDA without a trigger", { services: { clip: { autoscaling: { mode: "keda" } } } }, /prometheus.serverAddress/],
  ])("%s is refused", (_name, values, words) => {
    expect(() => render(values)).toThrow(words);
  });
});
