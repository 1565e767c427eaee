/** Looks whenever it is asked, never twice at once: what is asked during a look makes one more. */
export class Lookout {
  readonly #look: () => Promise<void>;
  readonly #onError: (error: unknown) => void;
  #looking: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(look: () => Promise<void>, onError: (error: unknown) => void) {
    this.#look = look;
    this.#onError = onError;
  }

  /** Looks now, or again after the look that is under way. */
  ask(): void {
    if (this.#stopped) return;
    this.#again = true;
    this.#looking ??= this.#run();
  }

  /** No further look; resolves when the one that is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #run(): Promise<void> {
    while (this.#again && !this.#stopped) {
      this.#again = false;
      await this.#look().catch(this.#onError);
    }
    this.#looking = undefined;
  }
}
