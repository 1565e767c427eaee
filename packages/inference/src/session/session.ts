import type { Tensor } from "@moodifier/tensor";
import { InferenceError } from "../inference-error.ts";
import { checkFeeds, checkOutputs } from "./graph-ports.ts";
import type { WorkerChannel } from "./worker-channel.ts";
import type { NamedTensors, OpenRequest, StateUse } from "./worker-protocol.ts";

/** Options of one run. */
export interface RunOptions {
  /** Rejects the run at once with the signal's reason. A run that the worker has begun cannot be stopped; its outputs are dropped. */
  readonly signal?: AbortSignal | undefined;
  /** Which outputs to return; all of them by default (of a stateful run: all that are not carried). */
  readonly outputs?: readonly string[] | undefined;
}

/** Options of one run of a state. */
export interface StatefulRunOptions extends RunOptions {
  /**
   * Forgets that many of the last positions first: they are cut off the second to last axis of every carried tensor (keys and values of
   * tokens that were fed on trial). FEED_INVALID when there are fewer.
   */
  readonly rewind?: number | undefined;
}

/** Told how long the sessions of a model take; seconds. */
export interface ModelObserver {
  /** A graph was read, checked and made ready. */
  loaded(role: string, seconds: number): void;
  /** A run ended well; its wait for the worker counts. */
  ran(role: string, seconds: number): void;
}

let nextStateKey = 0;

/** One graph of a model, run in the model's worker thread. Runs of all sessions of a model are made one after another. */
export class Session {
  readonly role: string;
  readonly #channel: WorkerChannel;
  readonly #open: OpenRequest;
  readonly #observer: ModelObserver | undefined;

  /** Made by Model; `open` says how the worker loads the graph. */
  constructor(channel: WorkerChannel, open: OpenRequest, observer?: ModelObserver) {
    this.#observer = observer;
    this.role = open.role;
    this.#channel = channel;
    this.#open = open;
  }

  /** Loads the graph if the worker has not. Throws InferenceError DIGEST_MISMATCH, GRAPH_INVALID or MODEL_NOT_FOUND. */
  async load(signal?: AbortSignal): Promise<void> {
    await this.#channel.submit(this.#open, undefined, signal);
  }

  /**
   * Runs the graph. Feeds are copied, so the caller may reuse or change them at once. Throws InferenceError FEED_INVALID before anything is
   * run when names, dtypes or dims do not fit; RUN_FAILED, WORKER_FAILED or MODEL_CLOSED later.
   */
  async run(feeds: Readonly<Record<string, Tensor>>, options: RunOptions = {}): Promise<NamedTensors> {
    checkFeeds(this.role, this.#open.graph, feeds);
    return this.#submit(feeds, options.outputs ?? Object.keys(this.#open.graph.outputs), options.signal);
  }

  /**
   * Starts a sequence of runs whose `carry` outputs (output name -> input name) stay in the worker and are fed to the next run.
   * Throws InferenceError FEED_INVALID when the graph lacks such an output or input.
   */
  openState(carry: Readonly<Record<string, string>>): StatefulRun {
    checkOutputs(this.role, this.#open.graph, Object.keys(carry));
    const unknown = Object.values(carry).filter((name) => !Object.hasOwn(this.#open.graph.inputs, name));
    if (unknown.length > 0) {
      throw new InferenceError("FEED_INVALID", `${this.role}: no such input to carry into: ${unknown.join(", ")}`);
    }
    const key = nextStateKey++;
    const inputs = Object.values(carry);
    const kept = Object.keys(this.#open.graph.outputs).filter((name) => !Object.hasOwn(carry, name));
    return new StatefulRun(
      (feeds, options, first) => {
        checkFeeds(this.role, this.#open.graph, feeds, first ? [] : inputs);
        const { rewind = 0 } = options;
        return this.#submit(feeds, options.outputs ?? kept, options.signal, { key, carry, first, rewind });
      },
      () => this.#channel.drop(key),
    );
  }

  async #submit(
    feeds: Readonly<Record<string, Tensor>>,
    outputs: readonly string[],
    signal: AbortSignal | undefined,
    state?: StateUse,
  ): Promise<NamedTensors> {
    checkOutputs(this.role, this.#open.graph, outputs);
    const copies = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, copyTensor(feed)]));
    const run = { kind: "run", role: this.role, feeds: copies, outputs, ...(state && { state }) } as const;
    const startedAt = performance.now();
    const results = await this.#channel.submit(this.#open, run, signal);
    this.#observer?.ran(this.role, (performance.now() - startedAt) / 1000);
    return results;
  }
}

type StateStep = (
  feeds: Readonly<Record<string, Tensor>>,
  options: StatefulRunOptions,
  first: boolean,
) => Promise<NamedTensors>;

/**
 * Runs that share tensors kept in the worker, for example the keys and values of a decoder. Give one run at a time. When a run under way is
 * aborted or the worker dies the kept tensors are lost: the next run throws InferenceError STATE_LOST.
 */
export class StatefulRun {
  readonly #step: StateStep;
  readonly #drop: () => void;
  #first = true;
  #closed = false;

  /** Made by `Session.openState`. */
  constructor(step: StateStep, drop: () => void) {
    this.#step = step;
    this.#drop = drop;
  }

  /** Like `Session.run`. The first run must feed every carried input (an empty past has a 0 among its dims); later runs leave them out. */
  async run(feeds: Readonly<Record<string, Tensor>>, options: StatefulRunOptions = {}): Promise<NamedTensors> {
    if (this.#closed) {
      throw new InferenceError("MODEL_CLOSED", "this stateful run is closed");
    }
    const outputs = await this.#step(feeds, options, this.#first);
    this.#first = false;
    return outputs;
  }

  /** Frees the kept tensors. Idempotent. */
  close(): void {
    if (!this.#closed) {
      this.#closed = true;
      this.#drop();
    }
  }
}

/** A copy on memory of its own: a view would drag its whole buffer along, and moving the caller's memory would empty its tensor. */
function copyTensor(value: Tensor): Tensor {
  return { dtype: value.dtype, dims: [...value.dims], data: value.data.slice() } as Tensor;
}
