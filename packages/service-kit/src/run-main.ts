import process from "node:process";
import type { z } from "zod";
import { loadConfig } from "./config.ts";
import { toMoodError } from "./errors/conversion.ts";

/** What every `start(config)` returns. */
export interface RunningService {
  readonly address: string;
  readonly port: number;
  /** Finishes running work within the configured drain time, then frees everything. */
  stop(): Promise<void>;
}

/** Exit codes of a service: 0 stopped, 1 failed, 2 wrong configuration. */
const FAILED = 1;
const MISCONFIGURED = 2;

/**
 * The whole of a service's `main.ts`: reads the configuration from the environment, starts the service, and stops it on SIGTERM or SIGINT; a second signal
 * ends the process at once. Faults of the configuration are all printed to standard error.
 */
export async function runMain<S extends z.ZodObject>(
  start: (config: z.output<S>) => Promise<RunningService>,
  schema: S,
): Promise<void> {
  let config: z.output<S>;
  try {
    config = loadConfig(schema, process.env);
  } catch (error) {
    fail(error, MISCONFIGURED);
  }
  try {
    stopOnSignal(await start(config));
  } catch (error) {
    fail(error, FAILED);
  }
}

function stopOnSignal(service: RunningService): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(FAILED);
    stopping = true;
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => fail(error, FAILED),
    );
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function fail(error: unknown, exitCode: number): never {
  const failure = toMoodError(error);
  const cause = failure.cause instanceof Error ? `\n${failure.cause.stack ?? failure.cause.message}` : "";
  process.stderr.write(`${failure.reason}: ${failure.message}${cause}\n`);
  process.exit(exitCode);
}
