import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clearContainers, endOf, startImage } from "./container.ts";
import {
  baseImage,
  buildImage,
  buildModels,
  buildService,
  checkPrograms,
  inspect,
  makeBaseImage,
  mount,
  root,
} from "./engine.ts";

const runtime = "app/node_modules/onnxruntime-node/bin/napi-v6/linux/x64";
const provider = "libonnxruntime_providers_cuda.so";
let service: string;
let libraries: string;

beforeAll(() => {
  checkPrograms();
  makeBaseImage();
  service = buildService("clip");
  libraries = path.join(mount(service), runtime);
});

afterAll(clearContainers);

/** A package whose provider is a stand-in: a library that links, beside the C library, only `linked`. */
function makePackage(linked: string): { readonly folder: string; readonly file: string } {
  const folder = mkdtempSync(path.join(tmpdir(), "moodifier-provider-"));
  const native = path.join(folder, "runtimes/linux-x64/native");
  mkdirSync(native, { recursive: true });
  const library = readFileSync(path.join(libraries, "onnxruntime_binding.node"), "latin1");
  const own = "libonnxruntime.so.1\0";
  expect(library).toContain(own);
  writeFileSync(path.join(native, provider), library.replaceAll(own, linked.padEnd(own.length, "\0")), "latin1");
  execFileSync("python3", ["-m", "zipfile", "-c", `${linked}.zip`, "runtimes"], { cwd: folder });
  return { folder, file: `${linked}.zip` };
}

/** Builds the image on a base without CUDA, from a package whose provider links `linked`, or from none. */
function build(linked?: string): string {
  const options = [`--build-arg=SERVICE_IMAGE=${service}`, `--build-arg=CUDA_IMAGE=${baseImage}`];
  if (linked !== undefined) {
    const { folder, file } = makePackage(linked);
    options.push(`--build-arg=ORT_PACKAGE=file:///package/${file}`, `--volume=${folder}:/package:ro`);
  }
  return buildImage("localhost/moodifier/clip-cuda:test", "cuda.Dockerfile", options);
}

describe("the CUDA image", () => {
  it("asks for the provider of the very version that the services use", () => {
    const { packages } = JSON.parse(readFileSync(path.join(root, "package-lock.json"), "utf8"));
    const text = readFileSync(path.join(root, "deploy/images/cuda.Dockerfile"), "utf8");
    const { version } = packages["node_modules/onnxruntime-node"];
    expect(/^ARG ORT_VERSION=(.+)$/m.exec(text)?.[1]).toBe(version);
  });

  it("is the service with the provider beside its runtime, on the GPU or not at all", async () => {
    // The driver's library comes with the node.
    const image = build("libcuda.so.1");
    const { Config } = inspect(image);
    const plain = inspect(service).Config;
    expect(Config).toMatchObject({ User: plain.User, Entrypoint: plain.Entrypoint, WorkingDir: plain.WorkingDir });
    expect(Config.Env).toEqual(expect.arrayContaining(["MOODIFIER_DEVICE=cuda", "NODE_ENV=production"]));
    const tree = mount(image);
    for (const file of [provider, "libonnxruntime.so.1", "onnxruntime_binding.node"]) {
      expect(existsSync(path.join(tree, runtime, file)), file).toBe(true);
    }
    // Neither GPU nor driver here: it must say so and end.
    const started = startImage(image, { MOODIFIER_MODEL_DIR: "/models/mini" }, mount(buildModels()));
    const { code, said } = await endOf(started);
    expect(code).toBe(1);
    expect(said).toContain("DEVICE_UNAVAILABLE");
  });

  it("is not built without the provider's package", () => {
    expect(() => build()).toThrow("ORT_PACKAGE: expected the URL");
  });

  it("is not built where a library of the provider is missing", () => {
    expect(() => build("libcublas.so.13")).toThrow("libcublas.so.13 => not found");
  });
});
