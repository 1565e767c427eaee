// One warm edit through the four services, stage by stage: medians over the rounds, shares of the whole, and how much of an unpruned loop
// the denoiser ran. Options: --model DIR (models/mini), --image FILE (examples/avataaars-neutral.png), --emotion NAME (joy), --rounds N (7).
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("../../", import.meta.url));

export default async function benchEdit(options) {
  const { values } = parseArgs({
    args: options,
    options: {
      model: { type: "string", default: `${root}models/mini` },
      image: { type: "string", default: `${root}examples/avataaars-neutral.png` },
      emotion: { type: "string", default: "joy" },
      rounds: { type: "string", default: "7" },
    },
  });
  const image = await readFile(values.image);
  const server = spawn(process.execPath, [`${root}services/embedded/dist/main.js`], {
    env: { ...process.env, MOODIFIER_MODEL_DIR: values.model, MOODIFIER_PORT: "0", MOODIFIER_LOG_LEVEL: "warn" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => server.once("exit", resolve));
  try {
    const url = await new Promise((resolve, reject) => {
      createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line).url));
      server.once("exit", (code) => reject(new Error(`the services ended with code ${code} before they were ready`)));
    });
    const rounds = [];
    // The first is not counted: it loads what loads at first use.
    for (let round = 0; round <= Number(values.rounds); round++) {
      const sample = await edit(url, image, values.emotion, round);
      if (round > 0) rounds.push(sample);
      console.log(`round ${round}: ${JSON.stringify(sample.stages)}`);
    }
    return summarise(rounds, values);
  } finally {
    server.kill("SIGTERM");
    await exited;
  }
}

/** One edit with a seed of its own, so that no cache of results answers. */
async function edit(url, image, emotion, seed) {
  const form = new FormData();
  form.set("image", new Blob([image]), "in.png");
  form.set("emotion", emotion);
  form.set("seed", String(seed));
  const start = performance.now();
  const answer = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { prefer: "wait=60" } });
  const job = await answer.json();
  if (job.status !== "succeeded") throw new Error(`the edit failed: ${JSON.stringify(job)}`);
  return { wholeMs: performance.now() - start, stages: job.timings };
}

function summarise(rounds, { model, emotion }) {
  const wholeMs = median(rounds.map((sample) => sample.wholeMs));
  const stages = Object.keys(rounds[0].stages).map((name) => [
    name,
    median(rounds.map(({ stages: each }) => each[name] ?? 0)),
  ]);
  return {
    model: model.replace(root, ""),
    emotion,
    rounds: rounds.length,
    medianWholeMs: round(wholeMs),
    medianStageMs: Object.fromEntries(stages.map(([name, ms]) => [name, round(ms)])),
    shareOfWhole: Object.fromEntries(stages.map(([name, ms]) => [name, Number((ms / wholeMs).toFixed(3))])),
  };
}

function median(list) {
  const sorted = list.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

const round = (value) => Number(value.toFixed(1));
