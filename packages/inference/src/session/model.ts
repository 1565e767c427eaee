import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { InferenceError } from "../inference-error.ts";
import { readManifest, readVerified } from "../manifest/manifest.ts";
import type { GraphEntry, Manifest } from "../manifest/manifest-schema.ts";
import { ByteTokenizer } from "../tokenizer/byte-bpe.ts";
import { ClipTokenizer } from "../tokenizer/clip-bpe.ts";
import { chooseGraph, parseDevice, type Device, type GraphChoice, type PrecisionSetting } from "./device.ts";
import { type ModelObserver, Session } from "./session.ts";
import { WorkerChannel } from "./worker-channel.ts";

/** How to open a model. */
export interface ModelOptions {
  /** Threads of one operator in ONNX Runtime, at least 1; the number of cores this process may use by default. */
  readonly threads?: number | undefined;
  /** Graphs to load before `openModel` returns; the others load at their first use. */
  readonly roles?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Where graphs run: "cpu" (default), "cuda" or "cuda:N". */
  readonly device?: string | undefined;
  /** Arithmetic of graphs that come in several; "auto" by default. */
  readonly precision?: PrecisionSetting | undefined;
  /**
   * Whether the CPU gets its own copies of weights in the order that it reads them (default). Without, processes that run the same float32-stored
   * family share most weights through the page cache, and matrix products take longer.
   */
  readonly prepack?: boolean | undefined;
  /** Told how long things take, for metrics. */
  readonly observer?: ModelObserver | undefined;
}

interface Tokenizers {
  clip: ClipTokenizer;
  planner: ByteTokenizer;
}

interface Placement {
  readonly threads: number;
  readonly device: Device;
  readonly precision: PrecisionSetting;
  readonly prepack: boolean;
}

/**
 * Opens a model folder. Throws InferenceError MODEL_NOT_FOUND or MANIFEST_INVALID, and for `roles` whatever `Model.session` throws.
 * Close the model to end its worker thread.
 */
export async function openModel(dir: string, options: ModelOptions = {}): Promise<Model> {
  const threads = options.threads ?? availableParallelism();
  if (!Number.isInteger(threads) || threads < 1) {
    throw new RangeError(`threads must be a whole number >= 1, got ${threads}`);
  }
  const device = parseDevice(options.device ?? "cpu");
  const { manifest, digest } = await readManifest(dir);
  const { precision = "auto", prepack = true } = options;
  const placement = { threads, device, precision, prepack };
  const model = new Model(resolve(dir), manifest, digest, placement, options.observer);
  try {
    for (const role of options.roles ?? []) {
      options.signal?.throwIfAborted();
      await model.session(role);
    }
  } catch (error) {
    await model.close();
    throw error;
  }
  return model;
}

/** A model folder with one worker thread, its graphs and tokenizers loaded on demand. */
export class Model {
  readonly dir: string;
  readonly manifest: Manifest;
  /** SHA-256 of manifest.json, hex: the exact identity of the model. */
  readonly digest: string;
  readonly #placement: Placement;
  readonly #observer: ModelObserver | undefined;
  readonly #channel = new WorkerChannel();
  readonly #sessions = new Map<string, Promise<Session>>();
  readonly #tokenizers = new Map<keyof Tokenizers, Promise<Tokenizers[keyof Tokenizers]>>();

  /** Use `openModel`. */
  constructor(dir: string, manifest: Manifest, digest: string, placement: Placement, observer?: ModelObserver) {
    this.#observer = observer;
    this.dir = dir;
    this.manifest = manifest;
    this.digest = digest;
    this.#placement = placement;
  }

  /** Whether the manifest has a graph of this role. */
  has(role: string): boolean {
    return Object.hasOwn(this.manifest.graphs, role);
  }

  /**
   * The session of a role, loaded once. A load that fails is tried again at the next call.
   * Throws InferenceError ROLE_UNKNOWN, MODEL_NOT_FOUND, DIGEST_MISMATCH or GRAPH_INVALID.
   */
  session(role: string): Promise<Session> {
    return memoize(this.#sessions, role, () => this.#openSession(role));
  }

  /** The tokenizer that the manifest names, loaded once. Throws InferenceError ROLE_UNKNOWN, MODEL_NOT_FOUND, DIGEST_MISMATCH or MANIFEST_INVALID. */
  tokenizer<N extends keyof Tokenizers>(name: N): Promise<Tokenizers[N]> {
    return memoize(this.#tokenizers, name, () => this.#openTokenizer(name)) as Promise<Tokenizers[N]>;
  }

  /** Which arithmetic a graph runs in. Throws InferenceError ROLE_UNKNOWN or PRECISION_UNAVAILABLE. */
  precision(role: string): GraphChoice["precision"] {
    return chooseGraph(role, this.#graph(role), this.#placement.precision, this.#placement.device).precision;
  }

  /** Rejects what waits, frees the graphs and ends the worker thread. Idempotent. */
  close(): Promise<void> {
    return this.#channel.close();
  }

  #graph(role: string): GraphEntry {
    const graph = this.manifest.graphs[role];
    if (!graph || !this.has(role)) {
      const have = Object.keys(this.manifest.graphs).join(", ");
      throw new InferenceError("ROLE_UNKNOWN", `model ${this.manifest.id} has no graph "${role}"; it has ${have}`);
    }
    return graph;
  }

  async #openSession(role: string): Promise<Session> {
    const graph = this.#graph(role);
    const { threads, device, precision, prepack } = this.#placement;
    const { file, data } = chooseGraph(role, graph, precision, device);
    const locate = (name: string) => ({ path: join(this.dir, name), record: this.manifest.files[name]! });
    const weights = { data: data.map(locate), prepack };
    const open = { kind: "open", role, ...locate(file), graph, threads, device, ...weights } as const;
    const session = new Session(this.#channel, open, this.#observer);
    const startedAt = performance.now();
    await session.load();
    this.#observer?.loaded(role, (performance.now() - startedAt) / 1000);
    return session;
  }

  async #openTokenizer(name: keyof Tokenizers): Promise<Tokenizers[keyof Tokenizers]> {
    const entry = this.manifest.tokenizers[name];
    if (!entry) {
      throw new InferenceError("ROLE_UNKNOWN", `model ${this.manifest.id} has no tokenizer "${name}"`);
    }
    const [vocab, merges] = await Promise.all(
      [entry.vocab, entry.merges].map((path) => readVerified(this.dir, this.manifest, path)),
    );
    const files = { vocab: vocab!.toString("utf8"), merges: merges!.toString("utf8") };
    return entry.kind === "clip-bpe" ? new ClipTokenizer(files, entry) : new ByteTokenizer(files, entry);
  }
}

/** Shares a load under way and forgets a failed one. */
function memoize<K, V>(cache: Map<K, Promise<V>>, key: K, load: () => Promise<V>): Promise<V> {
  let value = cache.get(key);
  if (!value) {
    value = load();
    cache.set(key, value);
    value.catch(() => cache.delete(key));
  }
  return value;
}
