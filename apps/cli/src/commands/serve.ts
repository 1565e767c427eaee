import type { Command } from "commander";
import { UnavailableError, UsageError } from "../output/failure.ts";
import { defaultModelDir, describeEnd, startStack } from "../server/embedded-stack.ts";
import { withInterrupt } from "../server/with-server.ts";

interface Options {
  readonly port: string;
  readonly host: string;
  readonly modelDir?: string;
  readonly logLevel: string;
  readonly dataDir?: string;
}

/** `moodifier serve`. */
export function addServeCommand(program: Command): void {
  program
    .command("serve")
    .description("run all four services on this machine until interrupted")
    .option("-p, --port <number>", "port of the gateway; 0 picks a free one", "8080")
    .option("--host <address>", "address of the gateway", "127.0.0.1")
    .option("--model-dir <folder>", "model family (default: models/mini)")
    .option("--data-dir <folder>", "keep jobs, plans and pictures here over restarts (default: in memory)")
    .option("--log-level <level>", "trace, debug, info, warn, error or silent", "info")
    .action(serve);
}

async function serve({ modelDir = defaultModelDir, ...options }: Options): Promise<void> {
  if (!/^\d+$/.test(options.port) || Number(options.port) > 65_535) {
    throw new UsageError(`--port: expected a whole number 0..65535, got "${options.port}"`);
  }
  await withInterrupt(async (signal) => {
    const stack = await startStack({ ...options, modelDir, showLogs: true }, signal);
    process.stdout.write(`${stack.url}\n`);
    const interrupted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    await Promise.race([stack.ended, interrupted]);
    await stack.stop();
    if (!signal.aborted) throw new UnavailableError(`the services ${describeEnd(await stack.ended)}`);
  });
}
