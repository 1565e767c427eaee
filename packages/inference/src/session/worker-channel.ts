import process from "node:process";
import { Worker } from "node:worker_threads";
import { InferenceError } from "../inference-error.ts";
import type {
  AnsweredRequest,
  NamedTensors,
  OpenRequest,
  RunRequest,
  WorkerMessage,
  WorkerReply,
} from "./worker-protocol.ts";

const WORKER_URL = new URL(
  import.meta.url.endsWith(".ts") ? "./session-worker.ts" : "./session-worker.js",
  import.meta.url,
);

interface Job {
  readonly open: OpenRequest;
  readonly run: RunRequest | undefined;
  readonly resolve: (outputs: NamedTensors) => void;
  readonly reject: (error: unknown) => void;
  /** Set once the caller has an answer, an abort included. */
  settled: boolean;
}

interface Exchange {
  readonly id: number;
  readonly resolve: (outputs: NamedTensors) => void;
  readonly reject: (error: InferenceError) => void;
}

/**
 * One worker thread and the queue in front of it. The thread starts at the first job, runs one job at a time in the order of arrival,
 * keeps the process alive only while it works, and is started anew by the first job after it died.
 */
export class WorkerChannel {
  #worker: Worker | undefined;
  #exit: Promise<void> = Promise.resolve();
  /** Roles that the present thread has loaded. */
  readonly #opened = new Set<string>();
  #queue: Job[] = [];
  #active: Job | undefined;
  #exchange: Exchange | undefined;
  #nextId = 0;
  #closed = false;

  /**
   * Loads the graph where the thread has not, then makes the run if one is given. An abort rejects at once with the signal's reason: a
   * queued run is never made; one under way ends unheard (ONNX Runtime cannot be interrupted) and its kept state is dropped.
   */
  submit(open: OpenRequest, run: RunRequest | undefined, signal?: AbortSignal): Promise<NamedTensors> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        throw new InferenceError("MODEL_CLOSED", `${open.role}: the model is closed`);
      }
      signal?.throwIfAborted();
      const settle = <A>(done: (value: A) => void) => {
        return (value: A) => {
          job.settled = true;
          signal?.removeEventListener("abort", onAbort);
          done(value);
        };
      };
      const job: Job = { open, run, resolve: settle(resolve), reject: settle(reject), settled: false };
      const onAbort = () => this.#abandon(job, signal!.reason);
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#queue.push(job);
      void this.#pump();
    });
  }

  /** Forgets the kept tensors of a state. */
  drop(key: number): void {
    this.#post({ kind: "drop", key });
  }

  /** Rejects everything that waits with MODEL_CLOSED, releases the sessions and resolves when the thread has ended. Idempotent. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#rejectAll(new InferenceError("MODEL_CLOSED", "the model was closed"));
      this.#worker?.ref();
      this.#post({ kind: "exit" });
    }
    await this.#exit;
  }

  async #pump(): Promise<void> {
    if (this.#active) {
      return;
    }
    for (let job = this.#queue.shift(); job; job = this.#queue.shift()) {
      if (job.settled) {
        continue;
      }
      this.#active = job;
      this.#worker?.ref();
      try {
        if (!this.#opened.has(job.open.role)) {
          await this.#ask(job.open, []);
          this.#opened.add(job.open.role);
        }
        if (job.run && !job.settled) {
          job.resolve(await this.#ask(job.run, moveFeeds(job.run)));
        } else {
          job.resolve({});
        }
      } catch (error) {
        job.reject(error);
      }
      this.#active = undefined;
    }
    if (!this.#closed) {
      this.#worker?.unref();
    }
  }

  #abandon(job: Job, reason: unknown): void {
    const state = job.run?.state;
    if (job === this.#active && state) {
      this.drop(state.key);
    }
    job.reject(reason);
  }

  #ask(request: AnsweredRequest, transfer: ArrayBuffer[]): Promise<NamedTensors> {
    return new Promise((resolve, reject) => {
      if (this.#closed) {
        throw new InferenceError("MODEL_CLOSED", `${request.role}: the model is closed`);
      }
      this.#worker ??= this.#start();
      this.#exchange = { id: this.#nextId++, resolve, reject };
      this.#post({ id: this.#exchange.id, request }, transfer);
    });
  }

  #post(message: WorkerMessage, transfer: ArrayBuffer[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }

  #start(): Worker {
    // ONNX Runtime would send usage data to its makers and write an id for that to the home folder. The library reads the process's variables, which a worker
    // only has a copy of.
    process.env["ORT_DISABLE_TELEMETRY"] ??= "1";
    // The process's own flags (loaders, --input-type, --import hooks) are none of the worker's business, and some would stop it.
    const worker = new Worker(WORKER_URL, { name: "moodifier-inference", execArgv: [] });
    let fault: unknown;
    worker.on("message", (reply: WorkerReply) => this.#receive(reply));
    worker.on("error", (error) => {
      fault = error;
    });
    this.#exit = new Promise((resolve) => {
      worker.once("exit", (code) => {
        if (this.#worker === worker) {
          this.#worker = undefined;
          this.#opened.clear();
          const message = `the inference worker ended with code ${code}; the next run starts a new one`;
          this.#rejectAll(new InferenceError("WORKER_FAILED", message, { cause: fault }));
        }
        resolve();
      });
    });
    return worker;
  }

  #receive(reply: WorkerReply): void {
    const exchange = this.#exchange;
    if (!exchange || exchange.id !== reply.id) {
      return;
    }
    this.#exchange = undefined;
    if ("error" in reply) {
      exchange.reject(new InferenceError(reply.error.reason, reply.error.message));
    } else {
      exchange.resolve(reply.outputs);
    }
  }

  #rejectAll(error: InferenceError): void {
    const waiting = this.#queue.splice(0);
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#active?.reject(error);
    exchange?.reject(error);
    for (const job of waiting) {
      job.reject(error);
    }
  }
}

/** Feeds were copied by Session, so their memory can be moved. */
function moveFeeds(run: RunRequest): ArrayBuffer[] {
  return Object.values(run.feeds).map((feed) => feed.data.buffer as ArrayBuffer);
}
