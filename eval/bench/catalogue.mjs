// What a catalogue needs: processor seconds and memory of each service for one edit, with the four services in processes of their own on a PostgreSQL that syncs, and from
// these the nodes and hours for many pictures. Every edit is planned, encoded and drawn anew. Options: --model DIR (models/mini), --edits N (48), --pictures N (1000000),
// --cores N of a node (16), --hours N (24), --use SHARE of the cores that work gets (0.75). Needs PostgreSQL (apt-get install postgresql).
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { openBenchDatabase } from "./gateway/open-database.mjs";
import { repeat } from "./gateway/bare-edits.mjs";
import { quantile, round } from "./gateway/figures.mjs";
import { cpuSeconds, residentMiB, startGateway, startModelService } from "./gateway/processes.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const emotions = ["joy", "sadness", "anger", "surprise", "fear", "love", "pride", "gratitude"];

export default async function benchCatalogue(args) {
  const { values } = parseArgs({
    args,
    options: {
      model: { type: "string", default: `${root}models/mini` },
      edits: { type: "string", default: "48" },
      pictures: { type: "string", default: "1000000" },
      cores: { type: "string", default: "16" },
      hours: { type: "string", default: "24" },
      use: { type: "string", default: "0.75" },
    },
  });
  const measured = await measure(values.model, Number(values.edits));
  const [pictures, cores, hours, use] = [values.pictures, values.cores, values.hours, values.use].map(Number);
  const total = Object.values(measured.services).reduce((sum, { cpuSeconds: each }) => sum + each, 0);
  const coreHours = (pictures * total) / 3600 / use;
  const rate = pictures / hours / 3600;
  const catalogue = {
    pictures,
    coreHours: Math.round(coreHours),
    nodes: round(coreHours / hours / cores),
    editsPerSecond: round(rate),
    coresOf: Object.fromEntries(
      Object.entries(measured.services).map(([name, { cpuSeconds: each }]) => [name, round((each * rate) / use)]),
    ),
    databaseRowsPerSecond: Math.round(measured.database.rowsChanged * rate),
    databaseCommitsPerSecond: Math.round(measured.database.commits * rate),
  };
  return { ...measured, catalogue };
}

async function measure(modelDir, edits) {
  const { database, settings, stop } = await openBenchDatabase("postgres");
  const services = {};
  // One thread: seconds of the processor are then seconds of one core at work, not of cores that wait for each other.
  for (const name of ["mllm", "clip", "diffusion"])
    services[name] = await startModelService(name, { modelDir, threads: 1 });
  const addresses = Object.fromEntries(
    Object.entries(services).map(([name, { address }]) => [`${name}Address`, address]),
  );
  const storage = mkdtempSync(path.join(tmpdir(), "moodifier-catalogue-"));
  try {
    services.gateway = await startGateway(addresses, { ...settings, storage, cacheBytes: 0, concurrency: 2 });
    const { url } = services.gateway;
    const folder = `${root}examples/`;
    const pictures = readdirSync(folder)
      .filter((file) => /\.(png|jpg)$/.test(file))
      .map((file) => readFileSync(folder + file));
    let count = 0;
    const timings = [];
    const next = async () => {
      count += 1;
      timings.push(
        await edit(
          url,
          pictures[count % pictures.length],
          emotions[Math.floor(count / pictures.length) % emotions.length],
        ),
      );
    };
    // The first of each size load what loads at first use.
    await repeat(pictures.length, 2, next);
    timings.length = 0;
    const before = await read(services, database);
    await repeat(edits, 2, next);
    const after = await read(services, database);
    const each = (pick) => round((pick(after) - pick(before)) / edits);
    return {
      edits,
      medianStageMs: medians(timings),
      services: Object.fromEntries(
        Object.entries(services).map(([name, { pid }]) => [
          name,
          { cpuSeconds: round((after[name] - before[name]) / edits), residentMiB: Math.round(residentMiB(pid)) },
        ]),
      ),
      database: { commits: each((state) => state.commits), rowsChanged: each((state) => state.rows) },
    };
  } finally {
    for (const service of Object.values(services).toReversed()) await service.stop();
    await stop();
    rmSync(storage, { recursive: true, force: true });
  }
}

/** Seconds of each service's processor, and what the database has done, since their start. */
async function read(services, database) {
  const [row] = await database.query(
    "SELECT xact_commit::int AS commits, (tup_inserted + tup_updated + tup_deleted)::int AS rows FROM pg_stat_database WHERE datname = current_database()",
  );
  return { ...Object.fromEntries(Object.entries(services).map(([name, { pid }]) => [name, cpuSeconds(pid)])), ...row };
}

async function edit(url, picture, emotion) {
  const form = new FormData();
  form.set("image", new Blob([picture]), "picture");
  form.set("emotion", emotion);
  const answer = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { prefer: "wait=120" } });
  const job = await answer.json();
  if (job.status !== "succeeded") throw new Error(`an edit failed: ${JSON.stringify(job)}`);
  return job.timings;
}

function medians(timings) {
  const names = Object.keys(timings[0]).filter((name) => name.endsWith("_ms"));
  return Object.fromEntries(
    names.map((name) => [
      name,
      round(
        quantile(
          timings.map((each) => each[name] ?? 0),
          0.5,
        ),
      ),
    ]),
  );
}
