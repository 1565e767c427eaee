import { type ChildProcess, spawn } from "node:child_process";
import { openSync } from "node:fs";
import path from "node:path";
import { type CoreV1Api, type KubeConfig, type V1Container, type V1EnvVar, type V1Pod } from "@kubernetes/client-node";
import { loopbackOf } from "./pod-addresses.ts";
import { mountVolumes, type Mount } from "./pod-volumes.ts";

/** What stands in for images: which command an image starts, and where an image volume's files are. */
export interface Images {
  /** The command of an image; undefined means a pod that only exists: no process, ready at once. */
  command(image: string): readonly string[] | undefined;
  /** The local folder that an image volume mounts. */
  folder(reference: string): string;
  /** The local folder that stands for a folder of every image's own files, for commands that name a file in it. */
  readonly files?: readonly [at: string, folder: string];
}

/** Where containers keep their things on this machine. */
export interface ContainerHome {
  readonly images: Images;
  /** What the node itself may do, which is everything. */
  readonly config: KubeConfig;
  readonly core: CoreV1Api;
  readonly folder: string;
  readonly hostsFile: string;
}

/**
 * Starts the process of a pod's container: its image's command with the container's arguments, its environment with all its sources, its volumes as local
 * folders. Returns undefined for an image without a command.
 */
export async function startContainer(
  pod: V1Pod,
  container: V1Container,
  ip: string,
  home: ContainerHome,
): Promise<ChildProcess | undefined> {
  const entry = home.images.command(container.image!);
  const argv = [...(container.command ?? entry ?? []), ...(container.args ?? [])];
  if (container.command === undefined && entry === undefined) return undefined;
  const { mounts, env: mounted } = await mountVolumes(pod, container, home);
  const env: Record<string, string> = {
    // The Node that images have is the one that runs the tests.
    PATH: `${path.dirname(process.execPath)}${path.delimiter}${process.env["PATH"] ?? ""}`,
    TMPDIR: mounts.find(([at]) => at === "/tmp")?.[1] ?? "/tmp",
    CLUSTER_HOSTS: home.hostsFile,
    NODE_OPTIONS: `--require=${path.join(import.meta.dirname, "cluster-hosts.cjs")}`,
    ...mounted,
  };
  for (const variable of container.env ?? []) {
    const value = await valueOf(variable, pod, container, ip, home.core);
    env[variable.name] = localise(expand(value, env), ip, mounts);
  }
  const log = openSync(path.join(home.folder, `${pod.metadata!.name!}.log`), "a");
  const folders = home.images.files ? [...mounts, home.images.files] : mounts;
  const [file, ...args] = argv.map((word) => localise(expand(word, env), ip, folders));
  return spawn(file!, args, { env, stdio: ["ignore", log, log] });
}

async function valueOf(entry: V1EnvVar, pod: V1Pod, container: V1Container, ip: string, core: CoreV1Api) {
  const { fieldRef, resourceFieldRef, secretKeyRef } = entry.valueFrom ?? {};
  const namespace = pod.metadata!.namespace!;
  if (secretKeyRef) {
    const { data } = await core.readNamespacedSecret({ name: secretKeyRef.name!, namespace });
    return Buffer.from(data?.[secretKeyRef.key] ?? "", "base64").toString();
  }
  if (resourceFieldRef) {
    const [kind, name] = resourceFieldRef.resource.split(".") as ["limits" | "requests", string];
    const quantity = container.resources?.[kind]?.[name] ?? "1";
    return String(Math.ceil(quantity.endsWith("m") ? Number.parseInt(quantity, 10) / 1000 : Number(quantity)));
  }
  if (fieldRef) {
    const { fieldPath } = fieldRef;
    const [, kind, key] = /^metadata\.(annotations|labels)\['(.+)'\]$/.exec(fieldPath) ?? [];
    if (kind && key) return pod.metadata![kind as "annotations" | "labels"]?.[key] ?? "";
    const fields: Record<string, string | undefined> = {
      "metadata.name": pod.metadata!.name,
      "metadata.namespace": namespace,
      "status.podIP": ip,
      "spec.nodeName": pod.spec!.nodeName,
    };
    return fields[fieldPath] ?? "";
  }
  return entry.value ?? "";
}

function expand(value: string, env: Readonly<Record<string, string>>): string {
  return value.replace(/\$\((\w+)\)/g, (whole, name: string) => env[name] ?? whole);
}

/** A pod has a network and a file system of its own; here both are shared, so its addresses and paths are replaced. */
function localise(value: string, ip: string, mounts: readonly Mount[]): string {
  if (value === "0.0.0.0") return loopbackOf(ip);
  for (const [at, folder] of mounts) {
    if (value === at || value.startsWith(`${at}/`)) return folder + value.slice(at.length);
  }
  return value;
}
