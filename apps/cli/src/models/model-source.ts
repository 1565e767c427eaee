/** A stream of a file's bytes from an offset on, and how many come in all if known. */
export interface OpenedFile {
  readonly body: AsyncIterable<Uint8Array>;
  /** Where the stream really starts: 0 when the source cannot resume. */
  readonly from: number;
}

/** A place that holds a model family: files by their path relative to manifest.json. */
export interface ModelSource {
  /** Where it is, for messages. No credentials. */
  readonly name: string;
  /**
   * Opens a file from byte `from` on.
   * @throws SourceError when there is no such file or no answer.
   */
  open(path: string, from: number, signal: AbortSignal): Promise<OpenedFile>;
}

/** A source that does not answer, or not with what was asked. `retry`: trying again may help. */
export class SourceError extends Error {
  override readonly name = "SourceError";
  readonly retry: boolean;

  constructor(message: string, options: ErrorOptions & { retry?: boolean } = {}) {
    super(message, options);
    this.retry = options.retry ?? false;
  }
}
