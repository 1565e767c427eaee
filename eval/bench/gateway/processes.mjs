import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const here = (file) => fileURLToPath(new URL(file, import.meta.url));

/** Starts the scripted services; resolves with their addresses and the picture that they return. */
export async function startServices(...args) {
  const child = spawn(process.execPath, [here("services.mjs"), ...args.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", () => reject(new Error("the scripted services did not start")));
  });
  const { addresses, picture } = JSON.parse(line);
  return { addresses, picture: Buffer.from(picture, "base64"), stop: () => child.kill("SIGTERM") };
}

/** Starts a model service in a process of its own; the gateway waits until it is ready. */
export async function startModelService(name, settings) {
  const port = await freePort();
  const child = spawnService(name, port, settings);
  return { address: `127.0.0.1:${port}`, pid: child.pid, stop: () => child.kill("SIGTERM") };
}

/** Starts the three model services of models/mini, each in a process of its own; `picture` is one of the examples. */
export async function startMini() {
  const modelDir = `${root}models/mini`;
  const services = {};
  for (const name of ["mllm", "clip", "diffusion"]) services[name] = await startModelService(name, { modelDir });
  return {
    addresses: Object.fromEntries(Object.entries(services).map(([name, { address }]) => [`${name}Address`, address])),
    picture: readFileSync(`${root}examples/avataaars-neutral.png`),
    stop: () => Object.values(services).forEach(({ stop }) => stop()),
  };
}

function spawnService(name, port, settings) {
  // The allocator is set as in the images.
  const allocator = { MALLOC_ARENA_MAX: "2", MALLOC_TRIM_THRESHOLD_: "100000" };
  const env = { ...process.env, ...allocator, MOODIFIER_PORT: String(port), MOODIFIER_LOG_LEVEL: "error" };
  for (const [setting, value] of Object.entries(settings))
    env[`MOODIFIER_${setting.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`] = String(value);
  return spawn(process.execPath, [here(`../../../services/${name}/dist/main.js`)], { env, stdio: "inherit" });
}

/** Starts the gateway in a process of its own. */
export async function startGateway(addresses, settings = {}) {
  const port = await freePort();
  const child = spawnService("gateway", port, { ...addresses, ...settings });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    if ((await fetch(`${url}/readyz`).catch(() => undefined))?.ok) break;
    if (tries > 600 || child.exitCode !== null) throw new Error("the gateway did not start");
    await sleep(100);
  }
  return {
    url,
    pid: child.pid,
    stop: async () => {
      child.kill("SIGTERM");
      await new Promise((resolve) => child.once("exit", resolve));
    },
  };
}

/** CPU seconds that a process has used, in user and system mode. */
export function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process in MiB. */
export function residentMiB(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
