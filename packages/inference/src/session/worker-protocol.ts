import type { Tensor } from "@moodifier/tensor";
import type { InferenceReason } from "../inference-error.ts";
import type { FileRecord } from "../manifest/file-digest.ts";
import type { GraphEntry } from "../manifest/manifest-schema.ts";
import type { Device } from "./device.ts";

/** Named tensors that go into or come out of a graph. */
export type NamedTensors = Record<string, Tensor>;

/** Loads a graph after checking its bytes (size, SHA-256) and its ports. */
export interface OpenRequest {
  readonly kind: "open";
  readonly role: string;
  readonly path: string;
  readonly record: FileRecord;
  readonly graph: GraphEntry;
  readonly threads: number;
  /** Files beside the graph that hold its weights. */
  readonly data?: readonly { readonly path: string; readonly record: FileRecord }[];
  /** The CPU by default. */
  readonly device?: Device;
  /** Keep copies of weights in the order that the CPU reads them; true by default. */
  readonly prepack?: boolean;
}

/** Tensors kept in the worker between the runs of one state. */
export interface StateUse {
  readonly key: number;
  /** Output name -> the input that takes it at the next run. */
  readonly carry: Readonly<Record<string, string>>;
  /** True when the feeds hold every carried input, so that nothing has to be kept already. */
  readonly first: boolean;
  /** Positions to cut off the end of each kept tensor (second to last axis) before the run; 0 keeps all. */
  readonly rewind: number;
}

/** Runs an opened graph. */
export interface RunRequest {
  readonly kind: "run";
  readonly role: string;
  readonly feeds: NamedTensors;
  /** Which outputs to send back. */
  readonly outputs: readonly string[];
  readonly state?: StateUse;
}

/** What the worker answers, once each. */
export type AnsweredRequest = OpenRequest | RunRequest;

/** `drop` forgets a state, `exit` releases everything and ends the thread; neither is answered. */
export type WorkerMessage =
  | { readonly id: number; readonly request: AnsweredRequest }
  | { readonly kind: "drop"; readonly key: number }
  | { readonly kind: "exit" };

/** Outputs of a run (none for `open`), or why there are none. */
export type WorkerReply =
  | { readonly id: number; readonly outputs: NamedTensors }
  | { readonly id: number; readonly error: { readonly reason: InferenceReason; readonly message: string } };
