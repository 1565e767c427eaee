import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { freePort } from "../../services/gateway/src/database/testing/postgres-server.ts";

const run = promisify(execFile);

const version = "v1.8.0";
const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "moodifier", "tools");

/** A real S3 server (versitygw over a folder) on a free port. */
export interface S3Server {
  readonly endpoint: string;
  readonly port: number;
  /** Where the server keeps its buckets as folders. */
  readonly folder: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** A client of the server, or of `endpoint` where a proxy stands before it. */
  client(options?: { endpoint?: string; attempts?: number; timeoutMs?: number }): S3Client;
  createBucket(name: string): Promise<void>;
  stop(): Promise<void>;
}

/** Builds the server when it isn't there, and starts it. */
export async function startS3Server(): Promise<S3Server> {
  const binary = await findBinary();
  const root = await mkdtemp(join(tmpdir(), "moodifier-s3-"));
  const folder = join(root, "buckets");
  const sidecar = join(root, "metadata");
  await mkdir(folder);
  await mkdir(sidecar);
  const port = await freePort();
  const credentials = { accessKeyId: "test", secretAccessKey: randomBytes(12).toString("hex") };
  const child = spawn(binary, ["--port", `127.0.0.1:${port}`, "posix", "--sidecar", sidecar, folder], {
    env: { ...process.env, ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const endpoint = `http://127.0.0.1:${port}`;
  await untilItAnswers(child, endpoint);
  const client: S3Server["client"] = ({ endpoint: other = endpoint, attempts = 2, timeoutMs = 5000 } = {}) =>
    new S3Client({
      endpoint: other,
      region: "us-east-1",
      forcePathStyle: true,
      credentials,
      maxAttempts: attempts,
      requestHandler: { connectionTimeout: 1000, requestTimeout: timeoutMs, throwOnRequestTimeout: true },
    });
  return {
    endpoint,
    port,
    folder,
    credentials,
    client,
    createBucket: async (name) => {
      const owner = client();
      await owner.send(new CreateBucketCommand({ Bucket: name }));
      owner.destroy();
    },
    stop: async () => {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "exit");
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Every regular file below a folder that isn't hidden, as paths from it. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .filter((path) => !path.startsWith("."))
    .toSorted();
}

async function findBinary(): Promise<string> {
  const path = join(cache, `versitygw-${version}`);
  if (existsSync(path)) return path;
  const folder = await mkdtemp(join(tmpdir(), "moodifier-go-"));
  await run("go", ["install", `github.com/versity/versitygw/cmd/versitygw@${version}`], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: "-buildvcs=false" },
    maxBuffer: 64 * 1024 * 1024,
  });
  await mkdir(cache, { recursive: true });
  await rename(join(folder, "versitygw"), path);
  return path;
}

async function untilItAnswers(child: ChildProcess, endpoint: string): Promise<void> {
  let log = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (log += text));
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with code ${child.exitCode}: ${log}`);
    const answered = await fetch(endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return;
    await sleep(50);
  }
  throw new Error(`the S3 server didn't answer: ${log}`);
}
