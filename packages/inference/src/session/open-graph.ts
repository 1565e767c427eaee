import { availableParallelism } from "node:os";
import type { FileRecord } from "../manifest/file-digest.ts";
import type { GraphEntry } from "../manifest/manifest-schema.ts";
import { Session } from "./session.ts";
import { WorkerChannel } from "./worker-channel.ts";

/** An ONNX graph outside a model family, with what it must be. */
export interface GraphSource {
  /** What errors call it. */
  readonly role: string;
  readonly path: string;
  /** Size and SHA-256 that the file must have. */
  readonly record: FileRecord;
  /** Inputs and outputs that it must have. */
  readonly graph: GraphEntry;
  /** Threads of one operator in ONNX Runtime; the number of cores by default. */
  readonly threads?: number | undefined;
}

/** A graph that runs in a worker thread of its own. */
export interface OpenedGraph {
  readonly session: Session;
  /** Ends the thread. */
  close(): Promise<void>;
}

/** Opens a single graph, pinned by digest. Throws InferenceError MODEL_NOT_FOUND, DIGEST_MISMATCH or GRAPH_INVALID. */
export async function openGraph(source: GraphSource): Promise<OpenedGraph> {
  const { role, path, record, graph, threads = availableParallelism() } = source;
  const channel = new WorkerChannel();
  const session = new Session(channel, { kind: "open", role, path, record, graph, threads });
  try {
    await session.load();
  } catch (error) {
    await channel.close();
    throw error;
  }
  return { session, close: () => channel.close() };
}
