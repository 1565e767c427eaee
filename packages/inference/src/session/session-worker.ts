// The only file that runs ONNX Runtime. A run blocks the thread that makes it, so it has a thread of its own, fed by WorkerChannel.
// Node runs this file from source by type stripping: erasable TypeScript, relative imports with .ts, no workspace packages.
import { parentPort } from "node:worker_threads";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { InferenceError } from "../inference-error.ts";
import { checkFile } from "../manifest/file-digest.ts";
import { checkGraph } from "./graph-ports.ts";
import type {
  AnsweredRequest,
  NamedTensors,
  OpenRequest,
  RunRequest,
  WorkerMessage,
  WorkerReply,
} from "./worker-protocol.ts";

const port = parentPort;
if (!port) {
  throw new Error("session-worker must be started as a worker thread");
}

const sessions = new Map<string, InferenceSession>();
const states = new Map<number, Record<string, OrtTensor>>();
// Messages are handled strictly one after another: a `drop` sent during a run must not overtake it.
let last: Promise<void> = Promise.resolve();

port.on("message", (message: WorkerMessage) => {
  last = last.then(() => handle(message));
});

async function handle(message: WorkerMessage): Promise<void> {
  if ("request" in message) {
    await answer(message.id, message.request);
  } else if (message.kind === "drop") {
    states.delete(message.key);
  } else {
    states.clear();
    for (const session of sessions.values()) {
      await session.release();
    }
    port!.close();
  }
}

async function answer(id: number, request: AnsweredRequest): Promise<void> {
  try {
    const outputs = request.kind === "open" ? await open(request) : await run(request);
    const buffers = Object.values(outputs).map((tensor) => tensor.data.buffer as ArrayBuffer);
    port!.postMessage({ id, outputs } satisfies WorkerReply, buffers);
  } catch (error) {
    const reason =
      error instanceof InferenceError ? error.reason : request.kind === "open" ? "GRAPH_INVALID" : "RUN_FAILED";
    const text = error instanceof Error ? error.message : String(error);
    const message = error instanceof InferenceError ? text : `${request.role}: ${text}`;
    port!.postMessage({ id, error: { reason, message } } satisfies WorkerReply, []);
  }
}

async function open(request: OpenRequest): Promise<NamedTensors> {
  await checkFile(request.path, request.record);
  for (const { path, record } of request.data ?? []) {
    await checkFile(path, record);
  }
  const session = await createSession(request);
  try {
    checkGraph(request.role, request.graph, session.inputMetadata, session.outputMetadata);
  } catch (error) {
    await session.release();
    throw error;
  }
  sessions.set(request.role, session);
  return {};
}

/** ONNX Runtime never falls back in silence: without its CUDA provider, or without a GPU, making the session fails. */
async function createSession({ role, path, threads, device, prepack = true }: OpenRequest): Promise<InferenceSession> {
  const cuda = device?.kind === "cuda";
  const options: InferenceSession.SessionOptions = {
    executionProviders: cuda ? [{ name: "cuda", deviceId: device.index }] : ["cpu"],
    graphOptimizationLevel: "all",
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // Each session's arena keeps its largest run's memory for good. Without it, a run of the tiny denoiser at latent 32 x 32 is as fast and a peak is
    // given back (20-50 MB in small trials); at 48 x 48 (intermediates of 100s of MB) it paid 9-40 % for fresh pages. Measured on two cores.
    enableCpuMemArena: false,
    logSeverityLevel: 3,
    // Spinning threads would take the cores that the other workers and the event loop need.
    extra: { session: { intra_op: { allow_spinning: "0" }, disable_prepacking: prepack ? "0" : "1" } },
  };
  try {
    return await InferenceSession.create(path, options);
  } catch (cause) {
    if (!cuda) {
      throw cause;
    }
    const why = cause instanceof Error ? cause.message.split("\n")[0] : String(cause);
    throw new InferenceError(
      "DEVICE_UNAVAILABLE",
      `${role}: cannot run on cuda:${device.index}: ${why}; use an image with ONNX Runtime's CUDA provider, or device cpu`,
      { cause },
    );
  }
}

async function run(request: RunRequest): Promise<NamedTensors> {
  const session = sessions.get(request.role);
  if (!session) {
    throw new InferenceError("WORKER_FAILED", `${request.role} is not open in this worker`);
  }
  const { state } = request;
  const kept = state && states.get(state.key);
  if (state && !state.first && !kept) {
    throw new InferenceError(
      "STATE_LOST",
      `${request.role}: the tensors kept between runs are gone; open a new state and feed it from the start`,
    );
  }
  const feeds: Record<string, OrtTensor> = state?.rewind ? rewindAll(kept ?? {}, state.rewind) : { ...kept };
  for (const [name, { dtype, dims, data }] of Object.entries(request.feeds)) {
    feeds[name] = new OrtTensor(dtype, data, dims);
  }
  const carried = Object.keys(state?.carry ?? {});
  const fetched = await session.run(feeds, [...new Set([...request.outputs, ...carried])]);
  if (state) {
    states.set(state.key, Object.fromEntries(Object.entries(state.carry).map(([from, to]) => [to, fetched[from]!])));
  }
  return Object.fromEntries(
    request.outputs.map((name) => [name, exportTensor(fetched[name]!, carried.includes(name))]),
  );
}

function rewindAll(kept: Record<string, OrtTensor>, count: number): Record<string, OrtTensor> {
  return Object.fromEntries(Object.entries(kept).map(([name, value]) => [name, rewindTensor(value, count)]));
}

/** A copy without the last `count` positions of the second to last axis. */
function rewindTensor(value: OrtTensor, count: number): OrtTensor {
  const data = value.data as Float32Array;
  const positions = value.dims.at(-2) ?? 0;
  const width = value.dims.at(-1) ?? 0;
  const left = positions - count;
  if (left < 0) throw new InferenceError("FEED_INVALID", `cannot rewind ${count} of ${positions} kept positions`);
  const blocks = positions * width === 0 ? 0 : data.length / (positions * width);
  const shorter = new Float32Array(blocks * left * width);
  for (let block = 0; block < blocks; block++) {
    const start = block * positions * width;
    shorter.set(data.subarray(start, start + left * width), block * left * width);
  }
  return new OrtTensor("float32", shorter, [...value.dims.slice(0, -2), left, width]);
}

/** Outputs are sent by moving their memory; one that stays here is copied. */
function exportTensor(value: OrtTensor, keep: boolean): NamedTensors[string] {
  const data = value.data as Float32Array;
  return { dtype: value.type as "float32", dims: value.dims, data: keep ? data.slice() : data };
}
