import { InterruptedError, UnavailableError, UsageError } from "../output/failure.ts";
import { defaultModelDir, describeEnd, startStack } from "./embedded-stack.ts";

/** The options that say which server a command talks to. */
export interface ServerOptions {
  readonly server?: string;
  readonly modelDir?: string;
  readonly verbose?: boolean;
}

/** Where the server of a command is and how long its start took. */
export interface Server {
  readonly url: string;
  /** Milliseconds until it answered; 0 for one that ran already. */
  readonly startMs: number;
}

/** Runs `work` against the named server, or against one that lives as long as the work. The signal aborts on SIGINT and SIGTERM, and when that server dies. */
export async function withServer<T>(
  options: ServerOptions,
  work: (server: Server, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const { server, modelDir, verbose } = options;
  return withInterrupt(async (signal) => {
    if (server !== undefined) return work({ url: checkUrl(server), startMs: 0 }, signal);
    const start = performance.now();
    const stack = await startStack({ modelDir: modelDir ?? defaultModelDir, showLogs: verbose }, signal);
    const gone = new AbortController();
    void stack.ended.then((code) => gone.abort(new UnavailableError(`the services ${describeEnd(code)}`)));
    try {
      const own = { url: stack.url, startMs: performance.now() - start };
      return await work(own, AbortSignal.any([signal, gone.signal]));
    } finally {
      await stack.stop();
    }
  });
}

/** Runs `work` against the named server, which must run already: one that is started for the command knows of no earlier work. Throws UsageError without one. */
export async function withRunningServer<T>(
  { server }: Pick<ServerOptions, "server">,
  work: (server: Server, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const url = checkUrl(server);
  return withInterrupt((signal) => work({ url, startMs: 0 }, signal));
}

/** Gives `work` a signal that aborts on SIGINT and SIGTERM; a second signal ends the process at once. */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const interrupt = (): void => controller.abort(new InterruptedError("interrupted"));
  process.once("SIGINT", interrupt);
  process.once("SIGTERM", interrupt);
  try {
    return await work(controller.signal);
  } catch (error) {
    // What an interrupt breaks off fails in ways of its own, for example with an AbortError.
    if (!(error instanceof InterruptedError)) controller.signal.throwIfAborted();
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    process.off("SIGTERM", interrupt);
  }
}

/** The URL of a running gateway without slashes at its end. Throws UsageError. */
export function checkUrl(server: string | undefined): string {
  const url = URL.parse(server ?? "");
  if (url && /^https?:$/.test(url.protocol)) return url.href.replace(/\/+$/, "");
  const got = server === undefined ? "nothing" : `"${server}"`;
  throw new UsageError(`--server: expected an http or https URL, or MOODIFIER_SERVER set to one, got ${got}`);
}
