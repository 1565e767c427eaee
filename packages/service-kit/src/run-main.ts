import process from "node:process";
import type { z } from "zod";
import { loadConfig } from "./config.ts";
import { toMoodError } from "./errors/conversion.ts";
import { startTracing, type Tracing } from "./telemetry/tracing.ts";

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
  name: string,
): Promise<void> {
  let config: z.output<S>;
  let tracing: Tracing;
  try {
    config = loadConfig(schema, process.env);
    tracing = await startTracing(name);
  } catch (error) {
    fail(error, MISCONFIGURED);
  }
  try {
    const service = await start(config);
    stopOnSignal(async () => {
      await service.stop();
      await tracing.stop();
    });
  } catch (error) {
    fail(error, FAILED);
  }
}

function stopOnSignal(end: () => Promise<void>): void {
  let stopping = false;
  const stop = () => {
    if (stopping) process.exit(FAILED);
    stopping = true;
    end().then(
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
