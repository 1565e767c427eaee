/** Values that one side pushes and the other iterates, once. Nothing is lost between them; values wait until they are read. */
export class EventStream<T> implements AsyncIterable<T> {
  readonly #waiting: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** Adds a value. */
  push(value: T): void {
    this.#waiting.push(value);
    this.#wake?.();
  }

  /** Ends the stream after the values so far, with an error when one is given. */
  end(failure: { readonly error?: unknown } = {}): void {
    this.#end ??= failure;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T> {
    for (;;) {
      yield* this.#waiting.splice(0);
      if (this.#waiting.length > 0) {
        continue;
      }
      if (this.#end) {
        if ("error" in this.#end) {
          throw this.#end.error;
        }
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
