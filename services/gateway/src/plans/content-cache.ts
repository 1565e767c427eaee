import { createHash } from "node:crypto";

/** What the model answered, and which model it was. */
export interface Answer {
  /** Identifier and version of the model. */
  readonly model: string;
  readonly value: Buffer;
}

export interface ContentCacheOptions {
  /** Most bytes that are kept. */
  readonly maxBytes: number;
  /** How long an answer serves, in milliseconds: a model that was exchanged is noticed at the latest then. */
  readonly maxAgeMs: number;
  /** Told of every look. */
  readonly onLook?: (kind: string, result: "hit" | "miss" | "shared") => void;
  /** Clock, milliseconds. */
  readonly now?: () => number;
}

interface Entry extends Answer {
  readonly kind: string;
  readonly at: number;
}

/** sha256 of anything that JSON can hold; equal contents have equal keys. */
export function contentKey(content: unknown): string {
  return createHash("sha256").update(JSON.stringify(content)).digest("hex");
}

/**
 * Answers of models by the hash of what they were asked. An answer holds for the model that gave it: as soon as another model answers for the same kind, everything that the earlier one said is forgotten.
 * Equal questions at the same time are asked once. The least recently used answers go first.
 */
export class ContentCache {
  readonly #options: ContentCacheOptions;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();
  readonly #asking = new Map<string, Promise<Buffer>>();
  readonly #models = new Map<string, string>();
  #bytes = 0;

  constructor(options: ContentCacheOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** The answer to a question, from memory or by asking. Failures are not kept. */
  async find(kind: string, key: string, ask: () => Promise<Answer>): Promise<Buffer> {
    const name = `${kind} ${key}`;
    const entry = this.#entries.get(name);
    if (entry && this.#now() - entry.at <= this.#options.maxAgeMs) {
      this.#entries.delete(name);
      this.#entries.set(name, entry);
      this.#options.onLook?.(kind, "hit");
      return entry.value;
    }
    const asking = this.#asking.get(name);
    if (asking) {
      // Another caller's question may fail for that caller's own reasons, such as its cancelled job.
      const shared = await asking.catch(() => undefined);
      this.#options.onLook?.(kind, shared ? "shared" : "miss");
      return shared ?? this.#ask(kind, name, ask);
    }
    this.#options.onLook?.(kind, "miss");
    return this.#ask(kind, name, ask);
  }

  async #ask(kind: string, name: string, ask: () => Promise<Answer>): Promise<Buffer> {
    const answer = ask().then((given) => this.#keep(kind, name, given));
    this.#asking.set(name, answer);
    try {
      return await answer;
    } finally {
      if (this.#asking.get(name) === answer) this.#asking.delete(name);
    }
  }

  #keep(kind: string, name: string, { model, value }: Answer): Buffer {
    if (this.#models.get(kind) !== model) {
      for (const [other, entry] of this.#entries) if (entry.kind === kind) this.#drop(other, entry);
      this.#models.set(kind, model);
    }
    const known = this.#entries.get(name);
    if (known) this.#drop(name, known);
    this.#entries.set(name, { kind, model, value, at: this.#now() });
    this.#bytes += value.byteLength;
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#options.maxBytes) break;
      this.#drop(oldest, entry);
    }
    return value;
  }

  #drop(name: string, entry: Entry): void {
    this.#entries.delete(name);
    this.#bytes -= entry.value.byteLength;
  }
}
