import { readFileSync } from "node:fs";
import path from "node:path";
import { environmentName } from "@moodifier/service-kit";
import { describe, expect, it } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { configSchema as clip } from "../../services/clip/src/config.ts";
import { configSchema as diffusion } from "../../services/diffusion/src/config.ts";
import { configSchema as gateway } from "../../services/gateway/src/config.ts";
import { configSchema as mllm } from "../../services/mllm/src/config.ts";

const root = path.resolve(import.meta.dirname, "../..");
const schemas = { gateway, mllm, clip, diffusion };
type Service = keyof typeof schemas;
const services = Object.keys(schemas) as Service[];

/** The settings that a service understands, by environment name. */
function settingsOf(service: Service): Record<string, string> {
  return Object.fromEntries(Object.keys(schemas[service].shape).map((name) => [environmentName(name), name]));
}

/** Fails on a variable that the service would silently ignore, or a value that it would refuse. */
function checkEnvironment(service: Service, environment: Readonly<Record<string, string | undefined>>): void {
  const known = settingsOf(service);
  const input: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith("MOODIFIER_")) continue;
    expect(Object.keys(known), `${service}: ${name}`).toContain(name);
    if (value !== undefined && value !== "") input[known[name]!] = value;
  }
  const result = schemas[service].safeParse(input);
  expect(result.error?.issues ?? [], service).toEqual([]);
}

describe("deploy/compose.yaml", () => {
  const compose = parse(readFileSync(path.join(root, "deploy/compose.yaml"), "utf8"), { merge: true });

  it.each(services)("gives %s settings that it has", (service) => {
    const environment = compose.services[service].environment as Record<string, string>;
    const filled = Object.entries(environment).map(([name, value]) => [name, String(value).replace(/\$\{\w+:-\}/, "")]);
    checkEnvironment(service, Object.fromEntries(filled));
  });

  it("lets services end their work before they are killed", () => {
    for (const service of services) {
      const { stop_grace_period: grace, environment } = compose.services[service];
      expect(Number.parseInt(grace, 10) * 1000).toBeGreaterThan(Number(environment.MOODIFIER_DRAIN_MS));
    }
    const { editTimeoutMs } = gateway.shape;
    expect(Number(compose.services.gateway.environment.MOODIFIER_DRAIN_MS)).toBeGreaterThan(
      editTimeoutMs.parse(undefined),
    );
  });
});

describe("deploy/helm/moodifier", () => {
  // What `npm run test:chart` compares the rendered chart with.
  const read = (name: string) =>
    parseAllDocuments(readFileSync(path.join(root, `tests/chart/golden/${name}.yaml`), "utf8")).map((each) =>
      each.toJS(),
    );
  const goldens = ["defaults", "everything"] as const;

  it.each(services.flatMap((service) => goldens.map((golden) => [service, golden] as const)))(
    "gives %s settings that it has (%s)",
    (service, golden) => {
      const manifests = read(golden);
      const { spec } = manifests.find(
        (each) => each?.kind === "Deployment" && each.metadata.name.endsWith(`-${service}`),
      );
      checkEnvironment(service, environmentOf(spec.template));
    },
  );

  it("gives workers and the pods of batches settings that the gateway's code has", () => {
    const manifests = read("everything");
    const worker = manifests.find((each) => each?.kind === "Deployment" && each.metadata.name.endsWith("-worker"));
    const job = manifests.find((each) => each?.kind === "ConfigMap" && each.metadata.name.endsWith("-job"));
    for (const template of [worker.spec.template, parse(job.data["job.yaml"])]) {
      const environment = environmentOf(template);
      expect(environment).toHaveProperty("MOODIFIER_DATABASE_URL");
      checkEnvironment("gateway", environment);
    }
  });
});

describe("the chart's profiles", () => {
  const read = (name: string) =>
    parse(readFileSync(path.join(root, `deploy/helm/moodifier/profiles/${name}.yaml`), "utf8")).services;

  it.each(["cpu", "gpu"])("%s gives services settings that they have", (name) => {
    for (const [service, { env = {} }] of Object.entries<{ env?: Record<string, unknown> }>(read(name))) {
      const known = Object.keys(settingsOf(service as Service));
      expect(known, `${name}: ${service}`).toEqual(expect.arrayContaining(Object.keys(env)));
    }
  });

  it("cpu lets gateways edit as much at once as there can be pods of diffusion", () => {
    const { gateway: gateways, diffusion: editors } = read("cpu");
    const atOnce = gateways.replicas * Number(gateways.env.MOODIFIER_CONCURRENCY);
    expect(atOnce).toBeGreaterThanOrEqual(editors.autoscaling.maxReplicas);
    expect(atOnce).toBeLessThanOrEqual(1.5 * editors.autoscaling.maxReplicas);
  });
});

interface Template {
  readonly spec: {
    readonly containers: readonly {
      readonly env: { name: string; value?: string; valueFrom?: { resourceFieldRef?: object } }[];
    }[];
  };
}

/** The environment of a pod's first container; what comes from a Secret is undefined, a limit is 2. */
function environmentOf({ spec }: Template): Record<string, string | undefined> {
  const entries = spec.containers[0]!.env.map(({ name, value, valueFrom }) => [
    name,
    valueFrom?.resourceFieldRef ? "2" : value,
  ]);
  return Object.fromEntries(entries) as Record<string, string | undefined>;
}

describe("docs/operations.md", () => {
  it("has a runbook for each alert and none for another", () => {
    const rules = parse(readFileSync(path.join(root, "deploy/helm/moodifier/rules/alerts.yaml"), "utf8"));
    const alerts = rules.groups.flatMap((group: { rules: { alert?: string }[] }) =>
      group.rules.map(({ alert }) => alert),
    );
    const text = readFileSync(path.join(root, "docs/operations.md"), "utf8");
    const runbooks = [...text.matchAll(/^### (Moodifier\w+)$/gm)].map(([, name]) => name);
    expect(runbooks.toSorted()).toEqual(alerts.toSorted());
  });
});
