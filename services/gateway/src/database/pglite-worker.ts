// Holds PGlite, which would block the event loop of the service, in a thread of its own. Statements arrive one at a time.
import { existsSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import { PGlite } from "@electric-sql/pglite";
import type { WorkerAnswer, WorkerRequest } from "./pglite-protocol.ts";
import { readTemplate, writeTemplate } from "./pglite-template.ts";

const { folder } = workerData as { folder: string | undefined };
const port = parentPort;
if (!port) throw new Error("pglite-worker runs as a worker thread only");
const send = (message: WorkerAnswer): void => port.postMessage(message);

const json = { 114: (text: string): unknown => JSON.parse(text), 3802: (text: string): unknown => JSON.parse(text) };
const isNew = folder === undefined || !existsSync(folder);
const template = isNew ? await readTemplate() : undefined;
const database = await PGlite.create({
  ...(folder !== undefined && { dataDir: folder }),
  ...(template && { loadDataDir: template }),
  parsers: { 20: Number, ...json },
});
if (isNew && !template) await writeTemplate(database);
send({ kind: "ready" });

async function execute(request: WorkerRequest): Promise<unknown> {
  switch (request.kind) {
    case "query": {
      const { sql, params } = request;
      if (params.length > 0) return (await database.query(sql, [...params])).rows;
      return (await database.exec(sql)).flatMap(({ rows }) => rows);
    }
    case "listen":
      await database.listen(request.channel, (payload) => send({ kind: "notice", channel: request.channel, payload }));
      return undefined;
    case "close":
      await database.close();
      return undefined;
  }
}

port.on("message", (request: WorkerRequest) => {
  execute(request).then(
    (value) => send({ kind: "done", id: request.id, value }),
    (error: unknown) => {
      const { message, code, stack } = error as Error & { code?: string };
      send({ kind: "failed", id: request.id, message, code, stack });
    },
  );
});
