import { setTimeout as sleep } from "node:timers/promises";
import { type KubeConfig, type KubernetesListObject, ListWatch, type V1Job, Watch } from "@kubernetes/client-node";
import type { Logger } from "@moodifier/service-kit";

/** Told of a Job's newest state; undefined once it is deleted. */
export type JobListener = (job: V1Job | undefined) => void;

/** What a watcher watches. */
export interface WatcherOptions {
  readonly config: KubeConfig;
  readonly namespace: string;
  readonly labelSelector: string;
  readonly list: () => Promise<KubernetesListObject<V1Job>>;
  readonly logger: Logger;
  /** A watch that brings nothing for so long is taken up again, milliseconds: its connection may be dead without a sign. */
  readonly silenceMs: number;
  /** Longest pause before the watch is begun anew, milliseconds: at first `baseMs`, doubled up to `maxMs`; the pause is a random part of it. */
  readonly baseMs: number;
  readonly maxMs: number;
}

/**
 * Follows the Jobs of a namespace. client-node's informer takes up a closed or silent connection and lists again after 410, but stops for good at any other
 * error (a refused connection, 500, 403): this one then begins anew, with growing random pauses, until it is stopped.
 */
export class JobWatcher {
  readonly #options: WatcherOptions;
  readonly #informer: ListWatch<V1Job>;
  readonly #listeners = new Map<string, Set<JobListener>>();
  readonly #stop = new AbortController();
  #failures = 0;
  #restarting = false;

  constructor(options: WatcherOptions) {
    this.#options = options;
    const { config, namespace, list, labelSelector } = options;
    const path = `/apis/batch/v1/namespaces/${namespace}/jobs`;
    // The listing fetches what is newest: one at resourceVersion 0 may come from a stale cache.
    this.#informer = new ListWatch<V1Job>(path, safeWatch(config, options.silenceMs), list, false, labelSelector);
    const tell = (job: V1Job) => {
      this.#failures = 0;
      this.#tell(job, job);
    };
    this.#informer.on("add", tell);
    this.#informer.on("update", tell);
    this.#informer.on("delete", (job) => this.#tell(job, undefined));
    this.#informer.on("error", (error: unknown) => void this.#restart(error));
  }

  /** Begins to watch; resolves after the first listing was tried. */
  async start(): Promise<void> {
    try {
      await this.#informer.start();
    } catch (error) {
      void this.#restart(error);
    }
  }

  /** Calls `listener` with each change of a Job, at once with its state if it is known. Returns what ends that. */
  follow(name: string, listener: JobListener): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners.add(listener));
    const known = this.#informer.get(name, this.#options.namespace);
    if (known) listener(known);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
    };
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#informer.stop();
  }

  #tell({ metadata }: V1Job, state: V1Job | undefined): void {
    for (const listener of this.#listeners.get(metadata?.name ?? "") ?? []) listener(state);
  }

  async #restart(cause: unknown): Promise<void> {
    if (this.#restarting || this.#stop.signal.aborted) return;
    this.#restarting = true;
    const { logger, baseMs, maxMs } = this.#options;
    const pauseMs = Math.random() * Math.min(maxMs, baseMs * 2 ** this.#failures);
    this.#failures = Math.min(this.#failures + 1, 16);
    logger.warn({ err: cause, pauseMs: Math.round(pauseMs) }, "the watch of Jobs broke off and begins anew");
    await untilAborted(pauseMs, this.#stop.signal);
    this.#restarting = false;
    if (!this.#stop.signal.aborted) await this.start();
  }
}

async function untilAborted(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch {
    // Aborted.
  }
}

/**
 * client-node's watch, except that an error before the request (credentials that cannot be read) and a line that is no event (from a proxy, say) do not end
 * the process: both would be rejections that nobody hears (client-node 2.0.1, cache.js).
 */
function safeWatch(config: KubeConfig, silenceMs: number): Watch {
  const watch = new Watch(config);
  watch["requestTimeoutMs"] = silenceMs;
  const begin = watch.watch.bind(watch);
  watch.watch = async (path, query, onEvent, onDone) => {
    try {
      return await begin(
        path,
        query,
        (type, object, event) => isEvent(type, object) && onEvent(type, object, event),
        onDone,
      );
    } catch (error) {
      queueMicrotask(() => onDone(error));
      return new AbortController();
    }
  };
  return watch;
}

function isEvent(type: string, object: unknown): boolean {
  return type === "ERROR" ? object instanceof Object : object instanceof Object && "metadata" in object;
}
