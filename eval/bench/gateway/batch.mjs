// A batch against the bare calls of its rows, in turns, on an editor that both keep busy; and the resident memory of a gateway that works for minutes.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { editBare, repeat } from "./bare-edits.mjs";
import { quantile, round, slopeOf } from "./figures.mjs";
import { openBenchDatabase } from "./open-database.mjs";
import { cpuSeconds, residentMiB, startGateway, startMini, startServices } from "./processes.mjs";

/** An editor that takes 200 ms for an edit, as a GPU does, and runs four at a time. */
const [side, steps, stepMs, places] = [256, 8, 25, 4];
/** Calls at the same time: enough that the editor never waits for one. */
const width = 2 * places;
// Each row is planned and encoded anew: an answer from the cache would flatter.
const settings = { concurrency: width, interactiveSlots: 0, batchWindow: 2 * width, cacheBytes: 0 };

/** On the scripted editor, or with `models` on the services of models/mini. */
export async function measureBatch(kind, rows, rounds, models = false) {
  const database = await openBenchDatabase(kind);
  const storage = mkdtempSync(join(tmpdir(), "moodifier-batch-"));
  const services = models ? await startMini() : await startServices(side, steps, stepMs, places);
  const gateway = await startGateway(services.addresses, { ...settings, ...database.settings, storage });
  try {
    const upload = await send(gateway.url, services.picture);
    const warm = Math.ceil(rows / 50);
    await runBatch(gateway.url, upload, warm);
    await repeat(warm, width, () => editBare(services.addresses, services.picture));
    const bare = [];
    const batch = [];
    const cpu = [];
    for (let turn = 0; turn < rounds; turn += 1) {
      bare.push(await rate(rows, () => repeat(rows, width, () => editBare(services.addresses, services.picture))));
      const before = cpuSeconds(gateway.pid);
      batch.push(await rate(rows, () => runBatch(gateway.url, upload, rows)));
      cpu.push(((cpuSeconds(gateway.pid) - before) * 1000) / rows);
    }
    const ratios = batch.map((each, turn) => each / bare[turn]);
    return {
      rows,
      rounds,
      editor: models ? "models/mini" : `${places} edits at a time, ${steps * stepMs} ms each`,
      bare_rows_per_s: round(quantile(bare, 0.5)),
      batch_rows_per_s: round(quantile(batch, 0.5)),
      ratio: round(quantile(ratios, 0.5)),
      ratios: ratios.map(round),
      gateway_cpu_ms_per_row: round(quantile(cpu, 0.5)),
    };
  } finally {
    await gateway.stop();
    services.stop();
    await database.stop();
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Batches one after the other, with a rest between them, for so many minutes; the slope is that of the second half. The embedded database keeps what it holds in the gateway's memory. */
export async function measureMemory(kind, minutes, restMs) {
  const database = await openBenchDatabase(kind);
  const storage = mkdtempSync(join(tmpdir(), "moodifier-memory-"));
  const services = await startServices(side, steps, 2);
  const gateway = await startGateway(services.addresses, { ...settings, ...database.settings, storage });
  const samples = [];
  const began = performance.now();
  const hours = () => (performance.now() - began) / 3_600_000;
  const timer = setInterval(() => samples.push([hours(), residentMiB(gateway.pid)]), 1000);
  let rows = 0;
  try {
    const upload = await send(gateway.url, services.picture);
    for (; hours() * 60 < minutes; rows += 100) {
      await runBatch(gateway.url, upload, 100);
      await sleep(restMs);
    }
  } finally {
    clearInterval(timer);
    await gateway.stop();
    services.stop();
    await database.stop();
    rmSync(storage, { recursive: true, force: true });
  }
  const late = samples.slice(Math.floor(samples.length / 2));
  const sizes = samples.map(([, size]) => size);
  return {
    minutes: round(hours() * 60),
    rows,
    resident_mib: {
      first: Math.round(sizes[0]),
      median: Math.round(quantile(sizes, 0.5)),
      last: Math.round(sizes.at(-1)),
    },
    slope_mib_per_hour: round(slopeOf(late)),
    slope_kib_per_row: round((slopeOf(late) * 1024) / (rows / hours())),
  };
}

async function rate(rows, work) {
  const began = performance.now();
  await work();
  return (rows * 1000) / (performance.now() - began);
}

async function send(url, picture) {
  const answer = await fetch(`${url}/v1/uploads`, {
    method: "POST",
    body: picture,
    headers: { "Content-Type": "image/png" },
  });
  return (await answer.json()).reference;
}

async function runBatch(url, upload, rows) {
  const lines = Array.from({ length: rows }, (_, index) => `${upload},joy,${index}`);
  const form = new FormData();
  form.set("manifest", new Blob([["image,emotion,seed", ...lines].join("\n")]));
  form.set("options", "{}");
  const made = await fetch(`${url}/v1/batches`, { method: "POST", body: form });
  if (made.status > 202) throw new Error(`${made.status}: ${await made.text()}`);
  const { urls } = await made.json();
  for (;;) {
    const { status, counts } = await (await fetch(urls.self)).json();
    if (status === "succeeded") return;
    if (status !== "running") throw new Error(`the batch ended as ${status}: ${JSON.stringify(counts)}`);
    await sleep(250);
  }
}
