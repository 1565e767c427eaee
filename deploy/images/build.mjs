// Builds the images of the four services and of a model family, with podman or docker, and writes their digests as a values file of the chart.
// usage: node deploy/images/build.mjs [--registry PREFIX/] [--tag TAG] [--family mini] [--node-image IMAGE] [--npm-flags FLAGS] [--push] [--out digests.yaml]
//        [--only clip,models] [-- further options of "build"]
// A digest is what the registry calls the image, so the values file needs --push.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../..");
const services = ["gateway", "mllm", "clip", "diffusion"];
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    registry: { type: "string", default: "" },
    tag: { type: "string", default: JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).version },
    family: { type: "string", default: "mini" },
    "node-image": { type: "string" },
    "npm-flags": { type: "string" },
    only: { type: "string", default: [...services, "models"].join(",") },
    push: { type: "boolean", default: false },
    out: { type: "string" },
  },
});
if (values.out !== undefined && !values.push) fail("--out needs --push: only a registry gives an image its digest");
const engine = ["podman", "docker"].find((name) => spawnSync(name, ["--version"]).status === 0);
if (engine === undefined) fail("neither podman nor docker is installed");

const digests = {};
for (const name of values.only.split(",")) {
  if (name !== "models" && !services.includes(name)) {
    fail(`--only: expected ${services.join(", ")} or models, got ${name}`);
  }
  const image = `${values.registry}moodifier/${name}:${values.tag}`;
  run(name === "models" ? modelArguments(image) : serviceArguments(name, image));
  if (values.push) digests[name] = push(image);
}
if (values.out !== undefined) writeValues(values.out);

function serviceArguments(service, image) {
  const argument = (name, value) => (value === undefined ? [] : ["--build-arg", `${name}=${value}`]);
  // Docker finds the ignore file beside the Dockerfile; older podmans must be told.
  const ignore = engine === "podman" ? ["--ignorefile", "deploy/images/Dockerfile.dockerignore"] : [];
  return [
    "build",
    "--file",
    "deploy/images/Dockerfile",
    ...ignore,
    ...argument("SERVICE", service),
    ...argument("NODE_IMAGE", values["node-image"]),
    ...argument("NPM_FLAGS", values["npm-flags"]),
    "--tag",
    image,
    ...positionals,
    ".",
  ];
}

function modelArguments(image) {
  const family = ["--build-arg", `FAMILY=${values.family}`];
  return ["build", "--file", "deploy/images/models.Dockerfile", ...family, "--tag", image, ...positionals, "models"];
}

function push(image) {
  if (engine === "docker") {
    run(["push", image]);
    const shown = execFileSync(engine, ["image", "inspect", "--format", "{{index .RepoDigests 0}}", image]);
    return shown.toString().trim().split("@")[1];
  }
  const folder = mkdtempSync(path.join(tmpdir(), "moodifier-digest-"));
  try {
    run(["push", "--digestfile", path.join(folder, "digest"), image]);
    return readFileSync(path.join(folder, "digest"), "utf8").trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** JSON is YAML. */
function writeValues(file) {
  const { models, ...rest } = digests;
  const content = {
    images: { registry: values.registry, requireDigest: true },
    ...(models && { models: { family: values.family, source: "image", image: { digest: models } } }),
    // Workers, and the pods of batches, run the gateway's image.
    services: Object.fromEntries(
      [...services, "worker"].flatMap((name) => {
        const digest = rest[name === "worker" ? "gateway" : name];
        return digest ? [[name, { image: { digest } }]] : [];
      }),
    ),
  };
  writeFileSync(file, `${JSON.stringify(content, null, 2)}\n`);
}

function run(args) {
  const done = spawnSync(engine, args, { cwd: root, stdio: "inherit" });
  if (done.status !== 0) fail(`${engine} ${args.join(" ")} ended with ${done.status ?? done.signal}`);
}

function fail(message) {
  process.stderr.write(`build: ${message}\n`);
  process.exit(1);
}
