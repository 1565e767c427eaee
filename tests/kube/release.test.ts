import { AppsV1Api, BatchV1Api, CoreV1Api, type KubeConfig } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loginAs } from "./accounts.ts";
import { chart, type Cluster, emptyImages, namespace, release, startCluster } from "./cluster/cluster.ts";

/** Everything that needs no custom resource. */
const values = {
  database: { existingSecret: "database" },
  objectStore: { bucket: "pictures" },
  clusterJobs: { enabled: true },
  ingress: { enabled: true, className: "nginx" },
  services: { clip: { autoscaling: { mode: "hpa" } } },
};
const upgraded = { ...values, services: { ...values.services, mllm: { image: { tag: "0.2.0" } } } };
/** Starts and ends at once, for ever. */
const broken = { ...values, services: { ...values.services, mllm: { image: { tag: "broken" } } } };

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({
    ...emptyImages,
    command: (image) => (image.endsWith(":broken") ? [process.execPath, "--eval", "process.exit(3)"] : undefined),
  });
});
afterAll(() => cluster?.stop());

const install = ["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"];
const upgrade = ["upgrade", release, chart, "--namespace", namespace, "--wait", "--timeout", "120s"];

async function imageOf(name: string): Promise<string> {
  const apps = cluster.plane.config.makeApiClient(AppsV1Api);
  const { spec, status } = await apps.readNamespacedDeployment({ name: `mood-moodifier-${name}`, namespace });
  expect(status?.readyReplicas, name).toBe(spec?.replicas);
  return spec!.template.spec!.containers[0]!.image!;
}

describe("the API server", () => {
  it("accepts the chart with strict validation", async () => {
    const text = await cluster.helm(["template", release, chart, "--namespace", namespace], values);
    const answer = await cluster.kubectl(["apply", "--dry-run=server", "--validate=strict", "--filename", "-"], text);
    expect(answer.trim().split("\n").length).toBeGreaterThan(20);
    const wrong = text.replaceAll("enableServiceLinks:", "enableServiceLink:");
    await expect(
      cluster.kubectl(["apply", "--dry-run=server", "--validate=strict", "--filename", "-"], wrong),
    ).rejects.toThrow(/unknown field/);
  });

  it("enforces Pod Security restricted in the namespace", async () => {
    const pod = ["run", "rooted", "--image", "busybox", "--namespace", namespace];
    await expect(cluster.kubectl(pod)).rejects.toThrow(/violates PodSecurity "restricted/);
  });
});

describe("helm", () => {
  it("installs: every pod is created, admitted and ready", async () => {
    await cluster.helm(install, values);
    const core = cluster.plane.config.makeApiClient(CoreV1Api);
    // The autoscaler brings clip to its least after the installation.
    const pods = async () => (await core.listNamespacedPod({ namespace })).items;
    await expect.poll(async () => (await pods()).length, { timeout: 60_000, interval: 500 }).toBe(8);
    const items = await pods();
    expect(new Set(items.map(({ spec }) => spec!.nodeName)).size).toBeGreaterThan(1);
    expect(await imageOf("mllm")).toBe("moodifier/mllm:0.1.0");
  });

  it("upgrades and rolls back", async () => {
    await cluster.helm(upgrade, upgraded);
    expect(await imageOf("mllm")).toBe("moodifier/mllm:0.2.0");
    await cluster.helm(["rollback", release, "1", "--namespace", namespace, "--wait"]);
    expect(await imageOf("mllm")).toBe("moodifier/mllm:0.1.0");
  });

  it("undoes an upgrade whose pods never get ready, and the old ones serve meanwhile", async () => {
    const atomic = [...upgrade.slice(0, -2), "--timeout", "15s", "--atomic"];
    const failing = cluster.helm(atomic, broken);
    const apps = cluster.plane.config.makeApiClient(AppsV1Api);
    let fewest = Number.POSITIVE_INFINITY;
    const watch = setInterval(() => {
      void apps
        .readNamespacedDeployment({ name: "mood-moodifier-mllm", namespace })
        .then(({ status }) => (fewest = Math.min(fewest, status?.availableReplicas ?? 0)));
    }, 500);
    await expect(failing).rejects.toThrow(/rolled back/);
    clearInterval(watch);
    expect(fewest).toBe(2);
    expect(await imageOf("mllm")).toBe("moodifier/mllm:0.1.0");
  });
});

describe("the gateway's service account", () => {
  let account: KubeConfig;

  beforeAll(async () => {
    account = await loginAs(cluster, "gateway");
  });

  it("may work with Jobs in its namespace", async () => {
    const batch = account.makeApiClient(BatchV1Api);
    expect((await batch.listNamespacedJob({ namespace })).items).toEqual([]);
  });

  it("may do nothing else", async () => {
    const core = account.makeApiClient(CoreV1Api);
    const apps = account.makeApiClient(AppsV1Api);
    const batch = account.makeApiClient(BatchV1Api);
    const denied: Record<string, () => Promise<unknown>> = {
      "list Secrets": () => core.listNamespacedSecret({ namespace }),
      "list pods": () => core.listNamespacedPod({ namespace }),
      "create pods": () =>
        core.createNamespacedPod({
          namespace,
          body: { metadata: { name: "own" }, spec: { containers: [{ name: "a", image: "b" }] } },
        }),
      "list ConfigMaps": () => core.listNamespacedConfigMap({ namespace }),
      "list Deployments": () => apps.listNamespacedDeployment({ namespace }),
      "list Jobs elsewhere": () => batch.listNamespacedJob({ namespace: "default" }),
      "list all Jobs": () => batch.listJobForAllNamespaces(),
      "list CronJobs": () => batch.listNamespacedCronJob({ namespace }),
      "list nodes": () => core.listNode(),
    };
    for (const [what, attempt] of Object.entries(denied)) {
      await expect(attempt(), what).rejects.toMatchObject({ code: 403 });
    }
    const as = `system:serviceaccount:${namespace}:mood-moodifier-gateway`;
    const rules = await cluster.kubectl(["auth", "can-i", "--list", "--namespace", namespace, "--as", as]);
    const granted = rules.split("\n").filter((line) => /\[.*(create|get|list|watch|patch|delete|update)/.test(line));
    const resources = granted.map((line) => line.split(/\s+/)[0]).filter((name) => name && !name.startsWith("["));
    // What every account may ask about itself, and Jobs.
    expect(resources.filter((name) => !/^self.*reviews?\./.test(name!))).toEqual(["jobs.batch"]);
  });

  it("of the other services have no rights and no token", async () => {
    for (const name of ["mllm", "clip", "diffusion"]) {
      const as = `system:serviceaccount:${namespace}:mood-moodifier-${name}`;
      const can = cluster.kubectl(["auth", "can-i", "create", "jobs.batch", "--namespace", namespace, "--as", as]);
      await expect(can, name).rejects.toThrow();
    }
    const core = cluster.plane.config.makeApiClient(CoreV1Api);
    for (const { metadata, spec } of (await core.listNamespacedPod({ namespace })).items) {
      const mounted = spec!.volumes?.some(({ name }) => name.startsWith("kube-api-access"));
      expect(mounted, metadata!.name).toBe(metadata!.labels?.["app.kubernetes.io/component"] === "gateway");
    }
  });
});

describe("helm uninstall", () => {
  it("leaves nothing behind", async () => {
    await cluster.helm(["uninstall", release, "--namespace", namespace, "--wait"]);
    const kinds =
      "deployments,services,serviceaccounts,configmaps,roles,rolebindings,networkpolicies,poddisruptionbudgets,ingresses,hpa";
    await expect
      .poll(
        () =>
          cluster.kubectl([
            "get",
            `${kinds},pods`,
            "--namespace",
            namespace,
            "--selector",
            "app.kubernetes.io/instance=mood",
            "--output",
            "name",
          ]),
        {
          timeout: 60_000,
          interval: 1000,
        },
      )
      .toBe("");
  });
});
