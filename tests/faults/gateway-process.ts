import { type ChildProcess, spawn } from "node:child_process";
import { createServer, type AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../services/gateway/dist/main.js", import.meta.url));

/** A gateway, or a worker, in a process that can be killed. */
export class GatewayProcess {
  readonly url: string;
  readonly #env: NodeJS.ProcessEnv;
  #child: ChildProcess | undefined;

  private constructor(port: number, settings: Readonly<Record<string, string | number>>) {
    this.url = `http://127.0.0.1:${port}`;
    this.#env = { ...process.env, MOODIFIER_PORT: String(port), MOODIFIER_LOG_LEVEL: "error" };
    for (const [name, value] of Object.entries(settings))
      this.#env[`MOODIFIER_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
  }

  /** Starts one on a free port that it keeps over restarts; settings are named as in the gateway's schema. */
  static async start(settings: Readonly<Record<string, string | number>>): Promise<GatewayProcess> {
    const gateway = new GatewayProcess(await freePort(), settings);
    try {
      await gateway.restart();
      return gateway;
    } catch (error) {
      await gateway.kill();
      throw error;
    }
  }

  /** Starts it when it doesn't run, and resolves when it serves. */
  async restart(): Promise<void> {
    if (!this.#child) {
      const child = spawn(process.execPath, [main], { env: this.#env, stdio: ["ignore", "ignore", "inherit"] });
      child.once("exit", () => {
        if (this.#child === child) this.#child = undefined;
      });
      this.#child = child;
    }
    for (let tries = 0; !(await this.isAlive()); tries += 1) {
      if (tries > 3000 || !this.#child) throw new Error("the gateway did not start");
      await sleep(100);
    }
  }

  async isAlive(): Promise<boolean> {
    const answer = await fetch(`${this.url}/healthz`).catch(() => undefined);
    return answer?.ok === true;
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

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
