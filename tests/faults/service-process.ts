import { type ChildProcess, spawn } from "node:child_process";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { freePort } from "../../services/gateway/src/database/testing/postgres-server.ts";

export type ServiceName = "gateway" | "mllm" | "clip" | "diffusion";
export type Settings = Readonly<Record<string, string | number>>;

/** The family with random weights: real graphs, small enough for hundreds of edits. */
const modelDir = fileURLToPath(new URL("../golden/tiny", import.meta.url));

/** A gateway, a worker or a model service in a process that can be killed. */
export class ServiceProcess {
  /** host:port */
  readonly address: string;
  readonly url: string;
  readonly #main: string;
  readonly #port: number;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  private constructor(name: ServiceName, port: number, settings: Settings, env: NodeJS.ProcessEnv) {
    this.#port = port;
    this.address = `127.0.0.1:${port}`;
    this.url = `http://${this.address}`;
    this.#main = fileURLToPath(new URL(`../../services/${name}/dist/main.js`, import.meta.url));
    // Compiled modules are kept, so that a restart is quick.
    const NODE_COMPILE_CACHE = join(tmpdir(), "moodifier-compile-cache");
    const own = { MOODIFIER_PORT: String(port), MOODIFIER_LOG_LEVEL: "error", NODE_COMPILE_CACHE };
    this.#env = { ...process.env, ...own, ...env };
    for (const [setting, value] of Object.entries(name === "gateway" ? settings : { modelDir, ...settings }))
      this.#env[`MOODIFIER_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
  }

  /** Starts one on a free port that it keeps over restarts; settings are named as in the service's schema, `env` is added to the environment. */
  static async start(name: ServiceName, settings: Settings = {}, env: NodeJS.ProcessEnv = {}): Promise<ServiceProcess> {
    const service = new ServiceProcess(name, await freePort(), settings, env);
    try {
      await service.restart();
      return service;
    } catch (error) {
      await service.kill();
      throw error;
    }
  }

  /** Starts it when it doesn't run, and resolves when it takes connections. */
  async restart(): Promise<void> {
    if (!this.#child) {
      const child = spawn(process.execPath, [this.#main], { env: this.#env, stdio: ["ignore", "inherit", "inherit"] });
      child.once("exit", () => {
        if (this.#child === child) this.#child = undefined;
      });
      this.#child = child;
    }
    for (let tries = 0; !(await this.isAlive()); tries += 1) {
      if (tries > 12_000 || !this.#child) throw new Error(`${this.#main} did not start`);
      await sleep(100);
    }
  }

  /** Whether it takes connections. */
  isAlive(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = createConnection(this.#port, "127.0.0.1");
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
      socket.once("connect", () => socket.destroy());
    });
  }

  /** Ends it without a word. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
  }
}
