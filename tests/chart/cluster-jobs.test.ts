import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { containerOf, countKinds, envOf, external, find, type Manifest, podOf, render, type Values } from "./chart.ts";

describe("batches as Jobs", () => {
  const jobs = (more: Values = {}) => render({ ...external, clusterJobs: { enabled: true, shardRows: 25, ...more } });
  const templateOf = (manifests: readonly Manifest[]): Manifest =>
    parse(find(manifests, "ConfigMap", "job").data["job.yaml"]);

  it("give the gateway the template, the namespace and a runner of its own", () => {
    const manifests = jobs({ queue: "night", deadlineSeconds: 7200 });
    const settings = Object.fromEntries(
      Object.entries(envOf(manifests, "gateway"))
        .filter(([name]) => /_(BATCH|SHARD|JOB)_/.test(name))
        .map(([name, { value }]) => [name.replace("MOODIFIER_", ""), value]),
    );
    expect(settings).toEqual({
      BATCH_RUNNER: "shards",
      BATCH_SHARD_ROWS: "25",
      BATCH_PARALLELISM: "8",
      SHARD_RUNNER: "kubernetes",
      SHARD_RETRIES: "2",
      JOB_TEMPLATE: "/etc/moodifier/job.yaml",
      JOB_NAMESPACE: "prod",
      JOB_RUNNER: "mood-moodifier",
      JOB_QUEUE: "night",
      JOB_DEADLINE_SECONDS: "7200",
    });
    expect(containerOf(manifests, "gateway").volumeMounts).toContainEqual({
      name: "job",
      mountPath: "/etc/moodifier",
      readOnly: true,
    });
    expect(podOf(manifests, "gateway").volumes).toContainEqual({
      name: "job",
      configMap: { name: "mood-moodifier-job" },
    });
  });

  it("take rows from nobody else: workers know that batches are run elsewhere, and have no rights", () => {
    const manifests = render({ ...external, clusterJobs: { enabled: true }, services: { worker: { enabled: true } } });
    expect(envOf(manifests, "worker")["MOODIFIER_BATCH_RUNNER"]?.value).toBe("shards");
    expect(envOf(manifests, "worker")["MOODIFIER_SHARD_RUNNER"]).toBeUndefined();
    expect(podOf(manifests, "worker").automountServiceAccountToken).toBe(false);
    expect(podOf(manifests, "gateway").automountServiceAccountToken).toBe(true);
  });

  it("run restricted pods that look like workers, without a token", () => {
    const worker = { nodeSelector: { pool: "batch" }, env: { MOODIFIER_LOG_LEVEL: "warn" }, drainSeconds: 40 };
    const { metadata, spec } = templateOf(jobs({}));
    expect(metadata.labels).toMatchObject({
      "app.kubernetes.io/instance": "mood",
      "app.kubernetes.io/component": "batch",
    });
    const [container] = spec.containers;
    expect(spec).toMatchObject({
      serviceAccountName: "mood-moodifier-batch",
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
    });
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
    expect(container.image).toBe("moodifier/gateway:0.1.0");
    expect(container.command.at(-1)).toMatch(/\/batches\/shards\/run-shard\.js$/);
    const names = container.env.map(({ name }: Manifest) => name);
    expect(names).toEqual(expect.arrayContaining(["MOODIFIER_DATABASE_URL", "MOODIFIER_DIFFUSION_ADDRESS"]));
    expect(names).not.toContain("MOODIFIER_JOB_TEMPLATE");
    expect(names).not.toContain("MOODIFIER_ROLE");
    expect(spec.volumes).toContainEqual({ name: "data", persistentVolumeClaim: { claimName: "pictures" } });
    const placed = templateOf(render({ ...external, clusterJobs: { enabled: true }, services: { worker } })).spec;
    expect(placed).toMatchObject({ nodeSelector: { pool: "batch" }, terminationGracePeriodSeconds: 50 });
    expect(placed.containers[0].env).toContainEqual({ name: "MOODIFIER_LOG_LEVEL", value: "warn" });
  });

  it("allow Jobs of the namespace and nothing else", () => {
    const manifests = jobs();
    expect(find(manifests, "Role", "gateway-jobs").rules).toEqual([
      { apiGroups: ["batch"], resources: ["jobs"], verbs: ["create", "get", "list", "watch", "delete"] },
    ]);
    expect(find(manifests, "RoleBinding", "gateway-jobs").subjects).toEqual([
      { kind: "ServiceAccount", name: "mood-moodifier-gateway", namespace: "prod" },
    ]);
    const kinds = countKinds(manifests);
    expect([kinds["ClusterRole"], kinds["ClusterRoleBinding"], kinds["RoleBinding"]]).toEqual([
      undefined,
      undefined,
      1,
    ]);
  });

  it("reach what workers reach, but not the API server", () => {
    const manifests = jobs();
    const { ingress, egress } = find(manifests, "NetworkPolicy", "batch").spec;
    expect(ingress.map(({ ports }: Manifest) => ports[0].port)).toEqual(["metrics"]);
    const ports = egress.flatMap(({ ports: open }: Manifest) => open.map(({ port }: Manifest) => port));
    expect(ports).toEqual([50051, 5432]);
    const [grpc] = find(manifests, "NetworkPolicy", "diffusion").spec.ingress;
    expect(grpc.from[0].podSelector.matchExpressions[0].values).toEqual(["gateway", "worker", "batch"]);
  });

  it("restart the gateways when the template changes", () => {
    const checksum = (manifests: readonly Manifest[]): string =>
      find(manifests, "Deployment", "gateway").spec.template.metadata.annotations["checksum/job"];
    const changed = render({
      ...external,
      clusterJobs: { enabled: true, shardRows: 25 },
      services: { worker: { image: { tag: "0.2.0" } } },
    });
    expect(checksum(jobs())).toMatch(/^[0-9a-f]{64}$/);
    expect(checksum(changed)).not.toBe(checksum(jobs()));
  });
});
