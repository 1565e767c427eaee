import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { UnavailableError } from "../output/failure.ts";

/** The repository, from apps/cli/{src,dist}/server. */
export const root = fileURLToPath(new URL("../../../../", import.meta.url));
const entry = join(root, "services/embedded/dist/main.js");

/** The model family that is used unless told otherwise. */
export const defaultModelDir = join(root, "models/mini");

/** Longest time for loading models, in milliseconds. */
const startMs = 120_000;

export interface StackOptions {
  readonly modelDir: string;
  readonly host?: string | undefined;
  /** Port of the gateway; 0 picks a free one. */
  readonly port?: string | undefined;
  readonly logLevel?: string | undefined;
  /** Folder of the gateway's data; unset keeps them in memory. */
  readonly dataDir?: string | undefined;
  /** Copies of the planner, for work on many pictures, unless MOODIFIER_PLANNERS says another number. */
  readonly planners?: number | undefined;
  /** Show the services' logs instead of keeping them for an error message. */
  readonly showLogs?: boolean | undefined;
}

/** Where each service listens. */
export type StackPorts = Readonly<Record<"gateway" | "mllm" | "clip" | "diffusion", number>>;

/** The four services in a child process. */
export interface Stack {
  readonly url: string;
  /** Ports of the services on the loopback interface. */
  readonly ports: StackPorts;
  /** Resolves with the exit code, or null when a signal ended the process. */
  readonly ended: Promise<number | null>;
  /** Lets running edits end, then ends the process. */
  stop(): Promise<void>;
}

/** Starts the services of this repository. Throws UnavailableError when they don't come up. */
export async function startStack(options: StackOptions, signal: AbortSignal): Promise<Stack> {
  const modelDir = resolve(options.modelDir);
  if (!existsSync(join(modelDir, "manifest.json"))) {
    throw new UnavailableError(`${modelDir} holds no model: manifest.json is missing. Name another with --model-dir.`);
  }
  if (!existsSync(entry)) throw new UnavailableError(`${entry} is missing. Build it with "npm run build".`);
  const child = spawn(process.execPath, [entry], {
    env: {
      ...(options.planners !== undefined && { MOODIFIER_PLANNERS: String(options.planners) }),
      ...process.env,
      MOODIFIER_MODEL_DIR: modelDir,
      MOODIFIER_HOST: options.host ?? "127.0.0.1",
      MOODIFIER_PORT: options.port ?? "0",
      MOODIFIER_LOG_LEVEL: options.logLevel ?? "warn",
      ...(options.dataDir !== undefined && { MOODIFIER_DATA_DIR: resolve(options.dataDir) }),
    },
    // The IPC channel ends the child when this process dies; its own process group keeps Ctrl-C from reaching it before we can cancel the edit.
    stdio: ["ignore", "pipe", options.showLogs ? "inherit" : "pipe", "ipc"],
    detached: true,
  });
  const ended = new Promise<number | null>((done) => child.once("exit", done));
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    await ended;
  };
  try {
    return { ...(await readAddress(child, ended, signal)), ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** How the services' process ended, by what {@link Stack.ended} tells. */
export function describeEnd(code: number | null): string {
  return code === null ? "were ended by a signal (was there enough memory?)" : `ended with code ${code}`;
}

/** Reads the JSON line that tells where the services listen. */
async function readAddress(
  child: ChildProcess,
  ended: Promise<number | null>,
  signal: AbortSignal,
): Promise<Pick<Stack, "url" | "ports">> {
  const log: string[] = [];
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    log.push(text);
    if (log.length > 50) log.shift();
  });
  const failure = (what: string) => new UnavailableError(`the services ${what}.\n${log.join("").trim()}`.trim());
  const timeout = AbortSignal.timeout(startMs);
  return new Promise((done, reject) => {
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on("line", (line) => {
      const { url, ports } = JSON.parse(line) as Pick<Stack, "url" | "ports">;
      done({ url, ports });
    });
    child.once("error", (error) => reject(failure(`can't be started: ${error.message}`)));
    void ended.then((code) => reject(failure(`${describeEnd(code)} before they were ready`)));
    timeout.addEventListener("abort", () => reject(failure(`were not ready within ${startMs / 1000} s`)));
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
