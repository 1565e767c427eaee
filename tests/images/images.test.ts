import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
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
import { buildService, checkPrograms, inspect, makeBaseImage, mount, root } from "./engine.ts";

const services = ["mllm", "clip", "diffusion", "gateway"] as const;
const images = new Map<string, string>();
const trees = new Map<string, string>();
const running: { child: ChildProcess; view: string }[] = [];
const searchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

beforeAll(() => {
  checkPrograms();
  makeBaseImage();
});
afterAll(() => {
  for (const { child, view } of running) {
    child.kill("SIGKILL");
    for (const at of ["models", "proc", "tmp", "."]) execFileSync("umount", ["--lazy", path.join(view, at)]);
  }
});

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
    trees.set(service, tree);
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
    const others = readdirSync(path.join(app, "services")).filter((name) => name !== service);
    expect(others).toEqual([]);
    console.log(`${service}: image ${Math.round(Size / 2 ** 20)} MiB, of that /app ${Math.round(sizeMib(app))} MiB`);
  });
});

/**
 * Starts an image's command as its user in its own root file system, read-only but for /tmp: what a container does, less the namespaces.
 */
function startImage(
  service: string,
  environment: Readonly<Record<string, string>>,
  models = path.join(root, "models"),
): ChildProcess {
  const { Config } = inspect(images.get(service)!);
  const tree = trees.get(service)!;
  const temporary = mkdtempSync(path.join(tmpdir(), `moodifier-${service}-`));
  const view = path.join(temporary, "root");
  for (const folder of ["root", "upper", "work"]) mkdirSync(path.join(temporary, folder));
  const overlay = `lowerdir=${tree},upperdir=${path.join(temporary, "upper")},workdir=${path.join(temporary, "work")}`;
  execFileSync("mount", ["-t", "overlay", "overlay", "-o", overlay, view]);
  for (const folder of ["models", "proc", "tmp"]) mkdirSync(path.join(view, folder), { recursive: true });
  execFileSync("mount", ["-o", "remount,ro", view]);
  execFileSync("mount", ["--bind", models, path.join(view, "models")]);
  execFileSync("mount", ["-t", "proc", "proc", path.join(view, "proc")]);
  execFileSync("mount", ["-t", "tmpfs", "-o", "mode=1777", "tmpfs", path.join(view, "tmp")]);
  const env = {
    PATH: searchPath,
    ...Object.fromEntries(Config.Env.map((entry) => entry.split(/=(.*)/s, 2))),
    ...environment,
  };
  const user = ["--reuid=65532", "--regid=65532", "--clear-groups", "--no-new-privs", "--bounding-set=-all"];
  const inside = ["setpriv", ...user, "--", ...Config.Entrypoint];
  const child = spawn("chroot", [view, ...inside], { env, stdio: ["ignore", "inherit", "pipe"] });
  child.stderr!.pipe(process.stderr, { end: false });
  running.push({ child, view });
  return child;
}

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
      startImage(service, {
        MOODIFIER_HOST: "127.0.0.1",
        MOODIFIER_PORT: String(port),
        MOODIFIER_MODEL_DIR: "/models/mini",
      });
    }
    const addresses = Object.entries(grpcPorts).map(([name, port]) => [
      `MOODIFIER_${name.toUpperCase()}_ADDRESS`,
      `127.0.0.1:${port}`,
    ]);
    startImage("gateway", {
      MOODIFIER_HOST: "127.0.0.1",
      MOODIFIER_PORT: String(httpPort),
      MOODIFIER_DATA_DIR: "/tmp/data",
      ...Object.fromEntries(addresses),
    });
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
    const models = mkdtempSync(path.join(tmpdir(), "moodifier-damaged-"));
    cpSync(path.join(root, "models/mini"), path.join(models, "mini"), { recursive: true });
    const file = path.join(models, "mini/text_encoder.onnx");
    const bytes = readFileSync(file);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(file, bytes);
    // The image's user must be able to read it.
    chmodSync(models, 0o755);
    const child = startImage("clip", { MOODIFIER_MODEL_DIR: "/models/mini" }, models);
    let said = "";
    child.stderr!.on("data", (chunk: Buffer) => (said += chunk.toString()));
    expect(await new Promise((resolve) => child.once("close", resolve))).toBe(1);
    expect(said).toContain("DIGEST_MISMATCH: /models/mini/text_encoder.onnx");
  });
});
