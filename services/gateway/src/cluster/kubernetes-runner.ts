import { setTimeout as sleep } from "node:timers/promises";
import { BatchV1Api, type KubeConfig, type V1Job } from "@kubernetes/client-node";
import { type Logger, MoodError } from "@moodifier/service-kit";
import { buildJob, isJobOf, type JobOptions, RUNNER_LABEL } from "./job-manifest.ts";
import { readJob } from "./job-status.ts";
import { JobWatcher } from "./job-watcher.ts";
import {
  checkWork,
  type ShardedWork,
  type ShardReport,
  type ShardRunner,
  type ShardRunOptions,
} from "./shard-runner.ts";

/** How a Kubernetes runner works. */
export interface KubernetesRunnerOptions extends JobOptions {
  readonly config: KubeConfig;
  readonly logger: Logger;
  /** How long a call to the API server is tried again while it cannot answer, milliseconds. */
  readonly patienceMs: number;
  /** See {@link JobWatcher}. */
  readonly silenceMs: number;
  /** Longest first and longest further pause between tries, milliseconds. */
  readonly retryMs: { readonly base: number; readonly max: number };
}

/**
 * Runs each work as an Indexed Job; needs only create, get, list, watch and delete of Jobs in its namespace. The Job itself is the record: a runner that
 * starts anew takes up Jobs that run or have ended. Finished Jobs are deleted once their report is known; the cluster removes those of a runner that died.
 */
export class KubernetesRunner implements ShardRunner {
  readonly #options: KubernetesRunnerOptions;
  readonly #jobs: BatchV1Api;
  readonly #watcher: JobWatcher;
  #started: Promise<void> | undefined;

  constructor(options: KubernetesRunnerOptions) {
    this.#options = options;
    const { config, namespace, runner, logger, retryMs, silenceMs } = options;
    this.#jobs = config.makeApiClient(BatchV1Api);
    const labelSelector = `${RUNNER_LABEL}=${runner}`;
    const list = () => this.#jobs.listNamespacedJob({ namespace, labelSelector });
    const { base: baseMs, max: maxMs } = retryMs;
    this.#watcher = new JobWatcher({ config, namespace, labelSelector, list, logger, silenceMs, baseMs, maxMs });
  }

  async run(work: ShardedWork, options: ShardRunOptions = {}): Promise<ShardReport> {
    checkWork(work);
    const { signal } = options;
    signal?.throwIfAborted();
    await (this.#started ??= this.#watcher.start());
    const job = await this.#create(work, signal);
    const name = job.metadata!.name!;
    try {
      const report = await this.#follow(job, options);
      await this.#delete(name);
      return report;
    } catch (error) {
      if (signal?.aborted) await this.#delete(name);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#watcher.stop();
  }

  /** Creates the Job or finds the one that an earlier run, or a try whose answer was lost, has created. */
  async #create(work: ShardedWork, signal: AbortSignal | undefined): Promise<V1Job> {
    const { namespace } = this.#options;
    const body = buildJob(work, this.#options);
    const name = body.metadata!.name!;
    const job = await this.#call(async () => {
      try {
        return await this.#jobs.createNamespacedJob({ namespace, body });
      } catch (error) {
        if (codeOf(error) !== 409) throw error;
        const found = await this.#jobs.readNamespacedJob({ namespace, name });
        if (found.metadata?.deletionTimestamp) throw new Error(`Job ${name} is still being deleted`, { cause: error });
        return found;
      }
    }, signal);
    if (isJobOf(job, work)) return job;
    const text = `work ${work.id} runs already with other arguments or another number of shards; give the new work another id`;
    throw new MoodError("FAILED_PRECONDITION", "WORK_CHANGED", text, { details: { job: name } });
  }

  /** Waits for the end of a Job. One that somebody deletes meanwhile is given up with what was last known of it. */
  #follow(created: V1Job, { signal, onProgress }: ShardRunOptions): Promise<ShardReport> {
    const { promise, resolve, reject } = Promise.withResolvers<ShardReport>();
    const { name, uid } = created.metadata!;
    let { report } = readJob(created);
    const see = (job: V1Job | undefined) => {
      if (job && job.metadata?.uid !== uid) return;
      if (!job || job.metadata?.deletionTimestamp) {
        resolve({ ...report, reason: "JobDeleted" });
        return;
      }
      const before = report;
      const now = readJob(job);
      report = now.report;
      if (report.succeeded.length !== before.succeeded.length || report.failed.length !== before.failed.length) {
        onProgress?.({ succeeded: report.succeeded.length, failed: report.failed.length });
      }
      if (now.over) resolve(report);
    };
    const abort = () => reject(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort, { once: true });
    const leave = this.#watcher.follow(name!, see);
    see(created);
    return promise.finally(() => {
      leave();
      signal?.removeEventListener("abort", abort);
    });
  }

  /** Deletes a Job and, in the background, its pods. Best effort: the cluster removes what is left. */
  async #delete(name: string): Promise<void> {
    const { namespace, logger } = this.#options;
    try {
      await this.#call(() => this.#jobs.deleteNamespacedJob({ namespace, name, propagationPolicy: "Background" }));
    } catch (error) {
      if (codeOf(error) !== 404) logger.warn({ err: error, job: name }, "could not delete a finished Job");
    }
  }

  /** Makes a call again while the API server cannot be reached, is overloaded or fails. */
  async #call<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const { patienceMs, retryMs } = this.#options;
    const until = Date.now() + patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await call();
      } catch (error) {
        signal?.throwIfAborted();
        const code = codeOf(error);
        if (code !== undefined && code < 500 && code !== 429)
          throw code === 409 || code === 404 ? error : refusal(error, code);
        const pauseMs = Math.random() * Math.min(retryMs.max, retryMs.base * 2 ** attempt);
        if (Date.now() + pauseMs > until) {
          const text = `the API server did not answer within ${patienceMs} ms`;
          throw new MoodError("UNAVAILABLE", "CLUSTER_UNAVAILABLE", text, { cause: error });
        }
        await pause(pauseMs, signal);
      }
    }
  }
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal ? { signal } : {});
  } catch {
    signal?.throwIfAborted();
  }
}

/** The HTTP status of an API error; undefined for a connection that failed. */
function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === "number" ? code : undefined;
}

function refusal(cause: unknown, status: number): MoodError {
  const { body } = cause as { body?: unknown };
  const said = /"message":"((?:[^"\\]|\\.)*)"/.exec(String(body))?.[1] ?? "";
  const text = `the API server refused the Job with ${status}: ${said.slice(0, 500)}`;
  const code = status === 403 || status === 401 ? "PERMISSION_DENIED" : "INVALID_ARGUMENT";
  return new MoodError(code, "JOB_REFUSED", text, { cause });
}
