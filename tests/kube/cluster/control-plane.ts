import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";
import { stringify } from "yaml";
import { kubeTools } from "../../../scripts/kube-tools.mjs";
import { freePorts } from "./ports.ts";

/** A Kubernetes control plane on loopback: etcd, kube-apiserver, kube-controller-manager and kube-scheduler are real, nodes are not. */
export interface ControlPlane {
  readonly config: KubeConfig;
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string;
  readonly server: string;
  readonly caFile: string;
  /** Certificate and key of a server on "localhost", signed by the cluster's authority. */
  readonly certificate: { readonly cert: Buffer; readonly key: Buffer };
  /** Milliseconds from the first process to a usable API. */
  readonly startMs: number;
  /** Kills kube-apiserver, leaves it away for `awayMs` and starts it again; resolves when it answers. */
  restartApiServer(awayMs: number): Promise<void>;
  stop(): Promise<void>;
}

const serviceRange = "10.96.0.0/16";
const startLimitMs = 120_000;

/** Starts a control plane with its state and logs in `folder`. */
export async function startControlPlane(folder: string): Promise<ControlPlane> {
  const startedAt = performance.now();
  const bin = kubeTools("control-plane");
  const logs = path.join(folder, "log");
  mkdirSync(logs, { recursive: true });
  writeCertificates(folder);
  const [port, etcdPort, peerPort] = (await freePorts(3)) as [number, number, number];
  const server = `https://127.0.0.1:${port}`;
  const kubeconfig = writeKubeconfig(folder, server);
  const running: [string, ChildProcess][] = [];
  const run = (name: string, args: readonly string[]) => {
    const log = openSync(path.join(logs, `${name}.log`), "a");
    running.push([name, spawn(path.join(bin, name), args, { cwd: folder, stdio: ["ignore", log, log] })]);
  };
  const stop = async () => {
    for (const [, child] of running.toReversed()) await stopProcess(child);
  };
  try {
    run("etcd", etcdArguments(folder, etcdPort, peerPort));
    run("kube-apiserver", apiServerArguments(port, etcdPort));
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const core = config.makeApiClient(CoreV1Api);
    await untilWorks(() => core.readNamespace({ name: "default" }), running, logs);
    run("kube-controller-manager", controllerArguments(kubeconfig));
    run("kube-scheduler", ["--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port=0"]);
    await untilWorks(() => core.readNamespacedServiceAccount({ name: "default", namespace: "default" }), running, logs);
    const read = (file: string) => readFileSync(path.join(folder, file));
    return {
      config,
      kubeconfig,
      server,
      caFile: path.join(folder, "ca.crt"),
      certificate: { cert: read("server.crt"), key: read("server.key") },
      startMs: performance.now() - startedAt,
      async restartApiServer(awayMs) {
        const index = running.findIndex(([name]) => name === "kube-apiserver");
        const [[, child]] = running.splice(index, 1) as [[string, ChildProcess]];
        await stopProcess(child, "SIGKILL");
        await sleep(awayMs);
        run("kube-apiserver", apiServerArguments(port, etcdPort));
        await untilWorks(() => core.readNamespace({ name: "default" }), running, logs);
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function etcdArguments(folder: string, client: number, peer: number): string[] {
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  return words(`
    --data-dir=${path.join(folder, "etcd")} --unsafe-no-fsync --log-level=error
    --listen-client-urls=${clientUrl} --advertise-client-urls=${clientUrl}
    --listen-peer-urls=${peerUrl} --initial-advertise-peer-urls=${peerUrl} --initial-cluster=default=${peerUrl}`);
}

function apiServerArguments(port: number, etcdPort: number): string[] {
  return words(`
    --etcd-servers=http://127.0.0.1:${etcdPort} --secure-port=${port}
    --bind-address=127.0.0.1 --advertise-address=127.0.0.1 --endpoint-reconciler-type=none
    --service-cluster-ip-range=${serviceRange} --client-ca-file=ca.crt
    --tls-cert-file=server.crt --tls-private-key-file=server.key
    --token-auth-file=tokens.csv --authorization-mode=RBAC --anonymous-auth=false
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=account.key
    --service-account-signing-key-file=account.key --profiling=false`);
}

/** The autoscaler looks every 15 s in production; more often here, so that a test need not wait. */
function controllerArguments(kubeconfig: string): string[] {
  return words(`
    --kubeconfig=${kubeconfig} --leader-elect=false --secure-port=0
    --service-account-private-key-file=account.key --root-ca-file=ca.crt
    --horizontal-pod-autoscaler-sync-period=2s --horizontal-pod-autoscaler-initial-readiness-delay=1s`);
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

/** An authority of our own, a serving certificate for loopback and the key of the service accounts' tokens. */
function writeCertificates(folder: string): void {
  const openssl = (line: string, input?: string) =>
    execFileSync("openssl", line.split(" "), { cwd: folder, ...(input !== undefined && { input }), stdio: "pipe" });
  const key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
  openssl(`req -x509 ${key} -days 2 -subj /CN=test-ca -keyout ca.key -out ca.crt`);
  openssl(`req ${key} -subj /CN=kube-apiserver -keyout server.key -out server.csr`);
  writeFileSync(path.join(folder, "names"), "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost\n");
  openssl("x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out server.crt -extfile names");
  openssl("ecparam -name prime256v1 -genkey -noout -out account.key");
}

function writeKubeconfig(folder: string, server: string): string {
  const token = randomBytes(16).toString("hex");
  const file = path.join(folder, "kubeconfig");
  writeFileSync(path.join(folder, "tokens.csv"), `${token},admin,admin,system:masters\n`, { mode: 0o600 });
  const cluster = { server, "certificate-authority": path.join(folder, "ca.crt") };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "test", cluster }],
    users: [{ name: "admin", user: { token } }],
    contexts: [{ name: "test", context: { cluster: "test", user: "admin" } }],
    "current-context": "test",
  };
  writeFileSync(file, stringify(config), { mode: 0o600 });
  return file;
}

async function untilWorks(
  attempt: () => Promise<unknown>,
  running: readonly [string, ChildProcess][],
  logs: string,
): Promise<void> {
  const end = performance.now() + startLimitMs;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      const ended = running.find(([, child]) => child.exitCode !== null);
      const [name] = ended ?? running.at(-1)!;
      if (ended || performance.now() > end) {
        const tail = readFileSync(path.join(logs, `${name}.log`), "utf8").slice(-2000);
        throw new Error(`${name} ${ended ? "ended" : "is not ready"}:\n${tail}`, { cause: error });
      }
      await sleep(200);
    }
  }
}

async function stopProcess(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  const killer = setTimeout(() => child.kill("SIGKILL"), 10_000);
  await ended;
  clearTimeout(killer);
}
