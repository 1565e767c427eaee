import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Client, credentials } from "@grpc/grpc-js";
import { service as healthService } from "grpc-health-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts } from "../kube/cluster/ports.ts";
import { clearContainers, endOf, running, startImage } from "./container.ts";
import { buildModels, buildService, checkPrograms, inspect, makeBaseImage, mount, root } from "./engine.ts";

const services = ["mllm", "clip", "diffusion", "gateway"] as const;
const images = new Map<string, string>();
let models: string;

beforeAll(() => {
  checkPrograms();
  makeBaseImage();
});
afterAll(clearContainers);

/** The whole size of a folder in MiB. */
function sizeMib(folder: string): number {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0) / 2 ** 20;
}

describe("each image", () => {
  it.each(services)("%s is built, runs as nobody and lists what it holds", (service) => {
    const image = buildService(service);
    images.set(service, image);
    const { Config, Size } = inspect(image);
    expect(Config).toMatchObject({ User: "65532:65532", StopSignal: "SIGTERM", WorkingDir: "/app" });
    expect(Config.Env).toContain("NODE_ENV=production");
    const tree = mount(image);
    const app = path.join(tree, "app");
    const bom = JSON.parse(readFileSync(path.join(app, "sbom.cdx.json"), "utf8"));
    expect(bom.bomFormat).toBe("CycloneDX");
    const names = bom.components.map(({ name }: { name: string }) => name);
    expect(names).toContain("zod");
    // What npm installed is what the bill lists.
    const installed = JSON.parse(readFileSync(path.join(app, "node_modules/.package-lock.json"), "utf8")).packages;
    const third = Object.keys(installed).filter(
      (key) => /^node_modules\/(?!@moodifier)/.test(key) && !key.includes("/node_modules/", 1),
    );
    for (const key of third) {
      const name = key.replace("node_modules/", "");
      if (!installed[key].optional || existsSync(path.join(app, key))) expect(names, name).toContain(name);
    }
    for (const unwanted of ["typescript", "vitest", "node", "oxlint", "@bufbuild/buf"]) {
      expect(existsSync(path.join(app, "node_modules", unwanted)), unwanted).toBe(false);
    }
    expect(existsSync(path.join(app, "models"))).toBe(false);
    expect(existsSync(path.join(app, ".npmrc"))).toBe(false);
    // Compose's volume for the gateway's files gets its owner here.
    expect(statSync(path.join(tree, "data"))).toMatchObject({ uid: 65_532, gid: 65_532 });
    const others = readdirSync(path.join(app, "services")).filter((name) => name !== service);
    expect(others).toEqual([]);
    console.log(`${service}: image ${Math.round(Size / 2 ** 20)} MiB, of that /app ${Math.round(sizeMib(app))} MiB`);
  });

  it("of the models holds the family and nothing else, as its manifest says", () => {
    models = mount(buildModels());
    expect(readdirSync(models)).toEqual(["mini"]);
    const { files } = JSON.parse(readFileSync(path.join(models, "mini/manifest.json"), "utf8"));
    const names = Object.keys(files);
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const digest = createHash("sha256").update(readFileSync(path.join(models, "mini", name)));
      expect(digest.digest("hex"), name).toBe(files[name].sha256);
    }
  });
});

const check = healthService["Check"]!;

function health(port: number, service: string): Promise<string> {
  const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  const { path: method, requestSerialize, responseDeserialize } = check;
  return new Promise((resolve) => {
    const options = { deadline: Date.now() + 2000 };
    client.makeUnaryRequest(method, requestSerialize, responseDeserialize, { service }, options, (error, answer) => {
      client.close();
      resolve(error ? String(error.code) : (answer as { status: string }).status);
    });
  });
}

describe("the containers' commands", () => {
  it("start, answer their probes and make an edit together", async () => {
    const [mllm, clip, diffusion, httpPort] = await freePorts(4);
    const grpcPorts = { mllm: mllm!, clip: clip!, diffusion: diffusion! };
    for (const [service, port] of Object.entries(grpcPorts)) {
      const settings = {
        MOODIFIER_HOST: "127.0.0.1",
        MOODIFIER_PORT: String(port),
        MOODIFIER_MODEL_DIR: "/models/mini",
      };
      startImage(images.get(service)!, settings, models);
    }
    const addresses = Object.entries(grpcPorts).map(([name, port]) => [
      `MOODIFIER_${name.toUpperCase()}_ADDRESS`,
      `127.0.0.1:${port}`,
    ]);
    const settings = {
      MOODIFIER_HOST: "127.0.0.1",
      MOODIFIER_PORT: String(httpPort),
      MOODIFIER_DATA_DIR: "/tmp/data",
      ...Object.fromEntries(addresses),
    };
    startImage(images.get("gateway")!, settings, models);
    for (const port of Object.values(grpcPorts)) {
      await expect.poll(() => health(port, "live"), { timeout: 120_000, interval: 500 }).toBe("SERVING");
      await expect.poll(() => health(port, ""), { timeout: 120_000, interval: 500 }).toBe("SERVING");
    }
    const url = `http://127.0.0.1:${httpPort}`;
    const status = (where: string) =>
      fetch(url + where).then(
        ({ status: code }) => code,
        () => 0,
      );
    await expect.poll(() => status("/healthz"), { timeout: 300_000, interval: 500 }).toBe(200);
    await expect.poll(() => status("/readyz"), { timeout: 120_000, interval: 500 }).toBe(200);
    const form = new FormData();
    const picture = readFileSync(path.join(root, "examples/avataaars-neutral.png"));
    form.set("image", new Blob([picture]), "face.png");
    form.set("emotion", "joy");
    form.set("steps", "2");
    const made = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { prefer: "wait=120" } });
    expect(made.status, await made.clone().text()).toBe(201);
    expect(await made.json()).toMatchObject({ status: "succeeded" });
  });

  it("end with 0 on SIGTERM", async () => {
    const codes = await Promise.all(
      running.map(({ child }) => {
        const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
        child.kill("SIGTERM");
        return ended;
      }),
    );
    expect(codes).toEqual([0, 0, 0, 0]);
  });

  it("refuse a model family with a damaged file", async () => {
    const damaged = mkdtempSync(path.join(tmpdir(), "moodifier-damaged-"));
    cpSync(path.join(models, "mini"), path.join(damaged, "mini"), { recursive: true });
    const file = path.join(damaged, "mini/text_encoder.onnx");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    // The image's user must be able to read it.
    chmodSync(damaged, 0o755);
    const { code, said } = await endOf(
      startImage(images.get("clip")!, { MOODIFIER_MODEL_DIR: "/models/mini" }, damaged),
    );
    expect(code).toBe(1);
    expect(said).toContain("DIGEST_MISMATCH: /models/mini/text_encoder.onnx");
  });
});
