import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { modelDir } from "./stack.ts";

/** The built command line: `npm run build` makes it. */
export const main = fileURLToPath(new URL("../../apps/cli/dist/main.js", import.meta.url));

/** Runs a command to its end, in a folder. */
export async function moodifier(
  args: readonly string[],
  cwd?: string,
): Promise<{ code: number; out: string; error: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"], cwd });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close")]);
  return { code: code as number, out, error };
}

/** Starts `moodifier serve` on a free port. */
export async function startServer(): Promise<{ url: string; stop: () => Promise<number | null> }> {
  const args = [main, "serve", "--port", "0", "--model-dir", modelDir, "--log-level", "silent"];
  const server = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const [url] = (await Promise.race([
    once(createInterface({ input: server.stdout }), "line"),
    once(server, "exit").then(([code]) => Promise.reject(new Error(`serve ended with code ${String(code)}`))),
  ])) as [string];
  const stop = async (): Promise<number | null> => {
    if (server.exitCode === null) {
      server.kill("SIGTERM");
      await once(server, "exit");
    }
    return server.exitCode;
  };
  return { url, stop };
}
