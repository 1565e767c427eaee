// Figures of the gateway with scripted model services: what it adds to an edit, how fast its queue is on both databases, how soon a job starts, a crowd of event streams, a batch against
// the bare calls of its rows, how soon a cancelled edit has left a real editor (models/mini), and the slope of its memory. Options: --edits N (200), --jobs N (1000), --clients N (500), --rows N (1000), --rounds N (3), --models (batches on models/mini instead of the scripted editor), --cancels N (200), --minutes N (5),
// --rest N (0: milliseconds between the batches of the memory run),
// --only overhead|queue|streams|batch|cancel|memory, --database pglite|postgres. Needs PostgreSQL (apt-get install postgresql).
import { parseArgs } from "node:util";
import { measureBatch, measureMemory } from "./gateway/batch.mjs";
import { measureCancel } from "./gateway/cancel.mjs";
import { measureOverhead } from "./gateway/overhead.mjs";
import { measureQueue } from "./gateway/queue.mjs";
import { measureStreams } from "./gateway/streams.mjs";

export default async function bench(args) {
  const { values } = parseArgs({
    args,
    options: {
      edits: { type: "string", default: "200" },
      jobs: { type: "string", default: "1000" },
      clients: { type: "string", default: "500" },
      rows: { type: "string", default: "1000" },
      models: { type: "boolean", default: false },
      rounds: { type: "string", default: "3" },
      cancels: { type: "string", default: "200" },
      minutes: { type: "string", default: "5" },
      rest: { type: "string", default: "0" },
      only: { type: "string" },
      database: { type: "string" },
    },
  });
  const wanted = (name) => values.only === undefined || values.only === name;
  const kinds = values.database === undefined ? ["pglite", "postgres"] : [values.database];
  const result = {};
  if (wanted("queue")) {
    result.queue = {};
    for (const kind of kinds) {
      result.queue[kind] = await measureQueue(kind, Number(values.jobs));
      console.log(`queue on ${kind}:`, result.queue[kind]);
    }
  }
  if (wanted("overhead")) {
    result.overhead = {};
    for (const kind of kinds) {
      result.overhead[kind] = await measureOverhead(kind, Number(values.edits));
      console.log(`overhead on ${kind}:`, result.overhead[kind]);
    }
  }
  if (wanted("streams")) {
    result.streams = await measureStreams(Number(values.clients));
    console.log("streams:", result.streams);
  }
  if (wanted("batch")) {
    result.batch = {};
    for (const kind of kinds) {
      result.batch[kind] = await measureBatch(kind, Number(values.rows), Number(values.rounds), values.models);
      console.log(`batch on ${kind}:`, result.batch[kind]);
    }
  }
  if (wanted("cancel")) {
    result.cancel = {};
    for (const kind of kinds) {
      result.cancel[kind] = await measureCancel(kind, Number(values.cancels));
      console.log(`cancel on ${kind}:`, result.cancel[kind]);
    }
  }
  if (wanted("memory")) {
    result.memory = {};
    for (const kind of kinds) {
      result.memory[kind] = await measureMemory(kind, Number(values.minutes), Number(values.rest));
      console.log(`memory on ${kind}:`, result.memory[kind]);
    }
  }
  return result;
}
