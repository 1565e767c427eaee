/** Why a model could not be opened or run. */
export type InferenceReason =
  /** The folder or one of its files does not exist. */
  | "MODEL_NOT_FOUND"
  /** manifest.json is not valid JSON or breaks the schema. */
  | "MANIFEST_INVALID"
  /** A file's bytes are not those that the manifest names. */
  | "DIGEST_MISMATCH"
  /** A graph's real inputs or outputs are not those that the manifest names, or ONNX Runtime refuses the file. */
  | "GRAPH_INVALID"
  /** The device that was asked for cannot be used. Nothing runs elsewhere instead. */
  | "DEVICE_UNAVAILABLE"
  /** The family was not exported in the precision that was asked for. */
  | "PRECISION_UNAVAILABLE"
  /** The manifest has no such graph or tokenizer. */
  | "ROLE_UNKNOWN"
  /** A text has more tokens than the model reads. */
  | "TEXT_TOO_LONG"
  /** Feeds or requested outputs do not fit the graph. Nothing was run. */
  | "FEED_INVALID"
  /** ONNX Runtime failed during a run. */
  | "RUN_FAILED"
  /** The worker thread ended; the next use starts a new one. */
  | "WORKER_FAILED"
  /** The carried tensors of a stateful run are gone or were never given. */
  | "STATE_LOST"
  /** The model or the state was closed. */
  | "MODEL_CLOSED";

/** The one error of manifests, sessions and tokenizer files. Messages carry names, dtypes and dims, never values. */
export class InferenceError extends Error {
  override readonly name = "InferenceError";
  readonly reason: InferenceReason;

  constructor(reason: InferenceReason, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.reason = reason;
  }
}
