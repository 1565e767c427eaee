// The event loop's worst gap while one inference of about two seconds runs: our session in its worker thread against a bare
// `InferenceSession.run` on the main thread, same graph, same feeds, same session options, alternating in one process.
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openModel } from "@moodifier/inference";
import { tensor } from "@moodifier/tensor";
import { InferenceSession, Tensor } from "onnxruntime-node";

const ROLE = "denoiser";
const TARGET_MS = 2000;
/** Side of the latent: attention over its 48 x 48 places makes the run long while inputs and outputs stay small. */
const LATENT = 48;

/** Options: --model DIR (tests/golden/tiny), --rounds N (5). Returns medians and worst cases in milliseconds. */
export default async function benchEventLoop(options) {
  const { values } = parseArgs({
    args: options,
    options: { model: { type: "string" }, rounds: { type: "string", default: "5" } },
  });
  const dir = values.model ?? fileURLToPath(new URL("../../tests/golden/tiny", import.meta.url));
  const rounds = Number(values.rounds);
  const threads = availableParallelism();
  const model = await openModel(dir, { threads, roles: [ROLE] });
  const session = await model.session(ROLE);
  const bare = await InferenceSession.create(join(dir, model.manifest.graphs[ROLE].file), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    extra: { session: { intra_op: { allow_spinning: "0" } } },
  });
  const ports = model.manifest.graphs[ROLE].inputs;
  const runInWorker = (feeds) => session.run(feeds);
  const runBare = (feeds) =>
    bare.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, dims, data }]) => [name, new Tensor(dtype, data, dims)]),
      ),
    );

  await runInWorker(makeFeeds(ports, 1));
  await runBare(makeFeeds(ports, 1));
  const batch = await findBatch((rows) => runInWorker(makeFeeds(ports, rows)));
  const feeds = makeFeeds(ports, batch);
  const samples = { idle: [], worker: [], mainThread: [] };
  for (let round = 0; round < rounds; round++) {
    samples.idle.push(await watchLoop(() => new Promise((resolve) => setTimeout(resolve, TARGET_MS))));
    samples.worker.push(await watchLoop(() => runInWorker(feeds)));
    samples.mainThread.push(await watchLoop(() => runBare(feeds)));
    console.log(
      `round ${round + 1}/${rounds}: ${Object.entries(samples)
        .map(([name, list]) => `${name} ${describe(list.at(-1))}`)
        .join(", ")}`,
    );
  }
  await model.close();
  await bare.release();
  const [idle, worker, mainThread] = Object.values(samples).map(summarise);
  return {
    graph: { model: model.manifest.id, digest: model.digest, role: ROLE, batch, latent: LATENT },
    threads,
    rounds,
    idle,
    worker,
    mainThread,
    gapRatio: Number((mainThread.medianGapMs / worker.medianGapMs).toFixed(1)),
    limitMs: 50,
    pass: worker.worstGapMs < 50,
  };
}

/** Runs `work` while a 1 ms timer ticks; the longest time between two ticks is the gap in which nothing else could have run. */
async function watchLoop(work) {
  let last = performance.now();
  let gapMs = 0;
  let timer;
  const tick = () => {
    const now = performance.now();
    gapMs = Math.max(gapMs, now - last);
    last = now;
    timer = setTimeout(tick, 1);
  };
  tick();
  const start = performance.now();
  await work();
  const elapsedMs = performance.now() - start;
  gapMs = Math.max(gapMs, performance.now() - last);
  clearTimeout(timer);
  return { gapMs, elapsedMs };
}

/** The batch whose run takes about TARGET_MS: grown step by step, since other load makes short probes lie. */
async function findBatch(run) {
  let batch = 2;
  for (let attempt = 0; attempt < 6; attempt++) {
    const { elapsedMs } = await watchLoop(() => run(batch));
    if (elapsedMs >= 0.8 * TARGET_MS) {
      break;
    }
    batch = Math.ceil(batch * Math.min(8, TARGET_MS / elapsedMs));
  }
  return batch;
}

/** Feeds of `batch` rows: small varying numbers, and row indices that leave every control off. */
function makeFeeds(ports, batch) {
  const sizes = { batch, length: 16, latent_height: LATENT, latent_width: LATENT };
  return Object.fromEntries(
    Object.entries(ports).map(([name, port]) => {
      const dims = port.dims.map((dim) => (typeof dim === "number" ? dim : sizes[dim]));
      const count = dims.reduce((a, b) => a * b);
      const data =
        port.dtype === "int64"
          ? BigInt64Array.from({ length: count }, (_, i) => BigInt(i % batch))
          : Float32Array.from({ length: count }, (_, i) => Math.sin(i));
      return [name, tensor(port.dtype, dims, data)];
    }),
  );
}

function summarise(list) {
  const gaps = list.map((sample) => sample.gapMs);
  return {
    medianGapMs: round(median(gaps)),
    worstGapMs: round(Math.max(...gaps)),
    medianElapsedMs: round(median(list.map((sample) => sample.elapsedMs))),
  };
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const round = (value) => Number(value.toFixed(1));
const describe = ({ gapMs, elapsedMs }) => `${elapsedMs.toFixed(0)} ms with a gap of ${gapMs.toFixed(1)} ms`;
