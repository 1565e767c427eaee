import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import initialize, { WasmReader } from "@contentauth/c2pa-wasm";
import { AppsV1Api, BatchV1Api, CoreV1Api } from "@kubernetes/client-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PostgresServer, startPostgres } from "../../services/gateway/src/database/testing/postgres-server.ts";
import { writeCredentials } from "../../services/gateway/src/testing/signing-credentials.ts";
import { type OtlpReceiver, startOtlpReceiver } from "../../packages/service-kit/tests/otlp-receiver.ts";
import { chart, type Cluster, createClaim, namespace, release, root, startCluster } from "./cluster/cluster.ts";
import { formOf } from "../e2e/client.ts";
import { drawFace } from "../e2e/fixtures.ts";
import { Load } from "./load.ts";
import { countTraces } from "./traces.ts";

/** The real services as images: the compiled code of this repository and the committed model family. */
const images = {
  command: (image: string) => {
    const [, service] = /^moodifier\/(\w+):/.exec(image) ?? [];
    return service ? [process.execPath, path.join(root, "services", service, "dist/main.js")] : undefined;
  },
  folder: () => path.join(root, "models"),
  files: ["/app", root] as const,
};

const small = { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1", memory: "1Gi" } };
const values = {
  auth: { mode: "anonymous" },
  database: { existingSecret: "database" },
  objectStore: { claim: "pictures" },
  signing: { existingSecret: "c2pa" },
  clusterJobs: { enabled: true, shardRows: 2, parallelism: 2 },
  defaults: { resources: small, preStopSeconds: 3, drainSeconds: 120 },
  services: {
    // Nothing is remembered, so that every edit needs all services.
    gateway: { resources: small, drainSeconds: 150, env: { MOODIFIER_CACHE_BYTES: 0 } },
    worker: { resources: small, drainSeconds: 60, env: { MOODIFIER_CONCURRENCY: 2 } },
    diffusion: { resources: small },
  },
};

let cluster: Cluster;
let database: PostgresServer;
let receiver: OtlpReceiver;
let url: string;
let batch: { id: string };
/** What no trace may hold. */
let secrets: (string | Buffer)[];
/** PEM of the authority that the results' signatures lead to. */
let authority: string;

beforeAll(async () => {
  database = await startPostgres();
  receiver = await startOtlpReceiver();
  Object.assign(values, { telemetry: { otlpEndpoint: receiver.url, sampleRatio: 1 } });
  cluster = await startCluster(images);
  const secret = ["create", "secret", "generic", "database", "--namespace", namespace];
  await cluster.kubectl([...secret, `--from-literal=url=${database.url}`]);
  const { c2paCertificates, c2paKey, ...signed } = await writeCredentials(cluster.folder);
  authority = signed.authority;
  const files = [`--from-file=tls.crt=${c2paCertificates}`, `--from-file=tls.key=${c2paKey}`];
  await cluster.kubectl(["create", "secret", "generic", "c2pa", "--namespace", namespace, ...files]);
  await createClaim(cluster, "pictures");
  const install = ["install", release, chart, "--namespace", namespace, "--wait", "--timeout", "400s"];
  await cluster.helm(install, values);
  url = `http://127.0.0.1:${await cluster.network.expose("mood-moodifier-gateway", namespace, 8080)}`;
});
afterAll(async () => {
  await cluster?.stop();
  await database?.stop();
  await receiver?.stop();
});

/** `MOODIFIER_ROLLOUT_STEPS=50 MOODIFIER_ROLLOUT_CLIENTS=3`: edits that last as long as a rolling update takes. */
const steps = Number(process.env["MOODIFIER_ROLLOUT_STEPS"] ?? 2);
const clients = Number(process.env["MOODIFIER_ROLLOUT_CLIENTS"] ?? 2);

const services = ["gateway", "mllm", "clip", "diffusion"] as const;

async function report(what: string, load: Load): Promise<void> {
  const times = load.outcomes.map(({ ms }) => ms).sort((a, b) => a - b);
  const at = (share: number) => Math.round(times[Math.floor(times.length * share)] ?? 0);
  console.log(
    `${what}: ${load.made} edits made, ${load.failures.length} failed, ${load.broken} requests broken; p50 ${at(0.5)} ms, p95 ${at(0.95)} ms`,
    load.failures.slice(0, 5),
  );
}

describe("under load", () => {
  it("a rolling update of all four services loses no edit, on lasting connections or a connection for each", async () => {
    const earlier = countTraces(receiver.spans).whole;
    const start = (keepAlive: boolean) => Load.start(url, { clients, steps, keepAlive });
    const loads = { "a connection for each edit": await start(false), "lasting connections": await start(true) };
    const all = Object.values(loads);
    await Promise.all(all.map((load) => load.further(clients)));
    const annotated = { ...values, defaults: { ...values.defaults, podAnnotations: { rolled: "once" } } };
    await cluster.helm(["upgrade", release, chart, "--namespace", namespace, "--wait", "--timeout", "500s"], annotated);
    await Promise.all(all.map((load) => load.further(2 * clients)));
    await Promise.all(all.map((load) => load.stop()));
    for (const [name, load] of Object.entries(loads)) {
      await report(`rolling update, ${name}`, load);
      expect(load.failures, name).toEqual([]);
    }
    const made = all.reduce((sum, load) => sum + load.made, 0);
    // Replaced pods have sent their last spans, the others send theirs every five seconds.
    await expect
      .poll(() => countTraces(receiver.spans), { timeout: 30_000, interval: 500 })
      .toEqual({ whole: earlier + made, broken: 0 });
    const apps = cluster.plane.config.makeApiClient(AppsV1Api);
    for (const service of services) {
      const { status } = await apps.readNamespacedDeployment({ name: `mood-moodifier-${service}`, namespace });
      expect(status, service).toMatchObject({ updatedReplicas: 2, readyReplicas: 2 });
    }
  }, 900_000);

  it("the death of a model service's process fails no edit that another pod can make", async () => {
    const load = await Load.start(url, { clients: 3, keepAlive: false });
    await load.further(3);
    for (const service of ["mllm", "clip", "diffusion"]) {
      const [victim] = cluster.nodes.pids(`mood-moodifier-${service}-`);
      execFileSync("kill", ["-9", String(victim)]);
      await load.further(4);
    }
    await load.stop();
    await report("kill -9 of one pod of each model service", load);
    expect(load.failures).toEqual([]);
  }, 900_000);

  it("the death of a gateway's process loses no edit of clients that ask again", async () => {
    const load = await Load.start(url, { clients: 3, keepAlive: false, again: true });
    await load.further(3);
    const [victim] = cluster.nodes.pids("mood-moodifier-gateway-");
    execFileSync("kill", ["-9", String(victim)]);
    await load.further(8);
    await load.stop();
    await report("kill -9 of one gateway", load);
    expect(load.failures).toEqual([]);
  }, 900_000);
});

describe("a result", () => {
  it("is signed with the key of the Secret", async () => {
    const form = formOf({ image: await drawFace(), emotion: "joy", steps: "2" });
    const made = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { prefer: "wait=120" } });
    const { urls, plan } = (await made.json()) as { urls: { result: string }; plan: object };
    const data = Buffer.from(await (await fetch(url + new URL(urls.result).pathname)).arrayBuffer());
    const wasm = readFileSync(new URL(import.meta.resolve("@contentauth/c2pa-wasm/c2pa.wasm")));
    await initialize({ module_or_path: wasm });
    const trust = JSON.stringify({ trust: { trust_anchors: authority } });
    using reader = await WasmReader.fromBytes("image/png", data, trust);
    expect(JSON.parse(reader.json())).toMatchObject({ validation_state: "Trusted" });
    const prompts = [...JSON.stringify(plan).matchAll(/"[^"]*prompt":"([^"]+)"/gi)].map(([, prompt]) => prompt!);
    expect(prompts.length).toBeGreaterThan(0);
    secrets = [...prompts, data.subarray(60, 90), data.toString("base64", 60, 90)];
  });
});

describe("a batch", () => {
  it("runs as an Indexed Job that the gateway makes, in pods that end with their rows", async () => {
    const jobs = cluster.plane.config.makeApiClient(BatchV1Api);
    const core = cluster.plane.config.makeApiClient(CoreV1Api);
    const labelSelector = "moodifier.dev/runner=mood-moodifier";
    const upload = await fetch(`${url}/v1/uploads`, {
      method: "POST",
      body: new Uint8Array(await drawFace()),
      headers: { "content-type": "image/png" },
    });
    const { reference } = (await upload.json()) as { reference: string };
    const rows = Array.from({ length: 6 }, (_, seed) => `${seed === 5 ? "upload:none" : reference},joy,${seed},2`);
    const form = new FormData();
    form.set("manifest", new Blob([["image,emotion,seed,steps", ...rows].join("\n")]), "manifest.csv");
    form.set("options", "{}");
    const answer = await fetch(`${url}/v1/batches`, { method: "POST", body: form });
    expect(answer.status, await answer.clone().text()).toBe(202);
    batch = (await answer.json()) as { id: string };
    const list = async () => (await jobs.listNamespacedJob({ namespace, labelSelector })).items;
    await expect.poll(async () => (await list()).length, { timeout: 60_000, interval: 300 }).toBe(1);
    const [job] = await list();
    expect(job?.spec).toMatchObject({ completions: 3, parallelism: 2, completionMode: "Indexed" });
    const seen = new Set<string>();
    const read = async () => {
      for (const { metadata, spec } of (await core.listNamespacedPod({ namespace, labelSelector })).items) {
        seen.add(metadata!.labels!["batch.kubernetes.io/job-completion-index"]!);
        expect(spec?.serviceAccountName).toBe("mood-moodifier-batch");
      }
      return (await (await fetch(`${url}/v1/batches/${batch.id}`)).json()) as object;
    };
    await expect
      .poll(read, { timeout: 400_000, interval: 500 })
      .toMatchObject({ status: "partially_succeeded", counts: { succeeded: 5, failed: 1 } });
    expect([...seen].sort()).toEqual(["0", "1", "2"]);
    await expect.poll(async () => (await list()).length, { timeout: 60_000, interval: 500 }).toBe(0);
  }, 600_000);
});

describe("traces", () => {
  it("lead from a batch to its shards and rows, and from the encoder's batches to their callers", async () => {
    const own = () => receiver.spans.filter(({ attributes }) => attributes["moodifier.batch.id"] === batch.id);
    const named = (name: string) => own().filter((span) => span.name === name);
    await expect.poll(() => named("batch shard").length, { timeout: 30_000, interval: 500 }).toBe(3);
    const request = receiver.spans.find(({ name }) => name === "POST /v1/batches")!;
    for (const { traceId } of named("batch shard")) expect(traceId).toBe(request.traceId);
    // Whoever made the edit of a row sends its spans every five seconds.
    const rows = () => named("job").map(({ attributes }) => attributes["moodifier.batch.row"]);
    await expect.poll(() => rows().sort(), { timeout: 30_000, interval: 500 }).toEqual([0, 1, 2, 3, 4]);
    for (const { links } of named("job")) expect(links).toEqual([{ traceId: request.traceId, spanId: request.spanId }]);
    const dispatched = receiver.spans.filter(({ service, name }) => service === "clip" && name.startsWith("batch "));
    expect(dispatched.length).toBeGreaterThan(0);
    // A caller may have several texts in one batch.
    for (const { links, attributes } of dispatched) {
      expect(links.length).toBeGreaterThan(0);
      expect(links.length).toBeLessThanOrEqual(attributes["moodifier.batch.size"] as number);
    }
  });

  it("of all services hold neither prompt nor picture", () => {
    expect(new Set(receiver.spans.map(({ service }) => service))).toEqual(new Set(services));
    const sent = Buffer.concat(receiver.bodies);
    for (const secret of secrets) expect(sent.includes(secret), String(secret)).toBe(false);
  });
});
