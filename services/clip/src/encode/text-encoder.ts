import { InferenceError, type ClipTokenizer, type Model, type Session } from "@moodifier/inference";
import { asFloat32, int64, sliceRows, type TypedTensor } from "@moodifier/tensor";
import { Batcher, type DispatchReason } from "./batcher.ts";
import { RecentCache } from "./recent-cache.ts";

/** The tokens of one text, start and end included, without padding. A piece that ends a word ends in a blank; start and end are empty. */
export type Tokens = { ids: number[]; pieces: string[] };

const WORD_END = /<\/w>$/;

/** One encoded text. */
export type EncodedText = {
  /** Hidden states after the final layer norm, f32 [length,width]. */
  hidden: TypedTensor<"float32">;
  /** Projected state of the end token, L2-normalised, f32 [embedding]. */
  pooled: TypedTensor<"float32">;
};

/** A text has more tokens than the model has positions. `reason` is always PROMPT_TOO_LONG. */
export class PromptTooLongError extends Error {
  override readonly name = "PromptTooLongError";
  readonly reason = "PROMPT_TOO_LONG";

  constructor(index: number, cause: InferenceError) {
    super(`texts[${index}]: ${cause.message}`, { cause });
  }
}

/** Batching and caching of the encoders. */
export type EncoderLimits = {
  /** Items in one run at most. */
  maxBatch: number;
  /** Wait of the first item of a batch, milliseconds. */
  maxDelayMs: number;
  /** Memory for encoded texts. */
  cacheBytes: number;
  /** Told of every batch that is run. */
  onBatch?: (queue: "text" | "image", size: number, reason: DispatchReason) => void;
  /** Told of every look-up among the encoded texts. */
  onLookup?: (found: boolean) => void;
};

type Item = { ids: number[]; length: number };

/** The text tower of a CLIP model, batched over requests; recent texts are remembered. */
export class TextEncoder {
  readonly #tokenizer: ClipTokenizer;
  readonly #maxLength: number;
  readonly #multiple: number;
  readonly #cache: RecentCache<EncodedText>;
  readonly #batcher: Batcher<Item, EncodedText>;
  readonly #onLookup: EncoderLimits["onLookup"];

  /** Opens `text_encoder` and its tokenizer. */
  static async open(model: Model, limits: EncoderLimits): Promise<TextEncoder> {
    const [session, tokenizer] = await Promise.all([model.session("text_encoder"), model.tokenizer("clip")]);
    return new TextEncoder(model, session, tokenizer, limits);
  }

  private constructor(model: Model, session: Session, tokenizer: ClipTokenizer, limits: EncoderLimits) {
    this.#tokenizer = tokenizer;
    this.#maxLength = model.manifest.text.maxLength;
    this.#multiple = model.manifest.text.lengthMultiple;
    this.#cache = new RecentCache(
      limits.cacheBytes,
      ({ hidden, pooled }) => hidden.data.byteLength + pooled.data.byteLength,
    );
    this.#onLookup = limits.onLookup;
    this.#batcher = new Batcher({
      name: "text",
      onDispatch: (size, reason) => limits.onBatch?.("text", size, reason),
      maxBatch: limits.maxBatch,
      maxDelayMs: limits.maxDelayMs,
      key: ({ length }) => String(length),
      run: (items, signal) => runTextEncoder(session, items, signal),
    });
  }

  /**
   * Tokenizes texts.
   * @throws PromptTooLongError when a text is too long and `truncate` is false.
   */
  tokenize(texts: string[], truncate: boolean): Tokens[] {
    return texts.map((text, index) => {
      try {
        const { ids, pieces } = this.#tokenizer.encode(text, { truncate });
        return { ids, pieces: ["", ...pieces.slice(1, -1).map((piece) => piece.replace(WORD_END, " ")), ""] };
      } catch (error) {
        if (error instanceof InferenceError && error.reason === "TEXT_TOO_LONG")
          throw new PromptTooLongError(index, error);
        throw error;
      }
    });
  }

  /** Positions that texts are padded to: the longest of them rounded up to the model's length multiple, at most its maximum. */
  paddedLength(texts: Tokens[]): number {
    const longest = Math.max(...texts.map(({ ids }) => ids.length));
    return Math.min(this.#maxLength, Math.ceil(longest / this.#multiple) * this.#multiple);
  }

  /** Encodes one text padded with the end token to `length` positions. */
  async encode(tokens: Tokens, length: number, signal?: AbortSignal): Promise<EncodedText> {
    const ids = this.#tokenizer.pad(tokens.ids, length);
    const key = ids.join();
    const known = this.#cache.get(key);
    this.#onLookup?.(known !== undefined);
    if (known) return known;
    const encoded = await this.#batcher.submit({ ids, length }, signal);
    this.#cache.set(key, encoded);
    return encoded;
  }

  /** Runs what waits and refuses more. */
  close(): void {
    this.#batcher.close();
  }
}

async function runTextEncoder(session: Session, items: Item[], signal: AbortSignal): Promise<EncodedText[]> {
  const length = items[0]?.length ?? 0;
  const ids = int64(
    [items.length, length],
    items.flatMap((item) => item.ids),
  );
  const outputs = await session.run({ input_ids: ids }, { signal });
  const hidden = asFloat32(outputs["hidden_states"], "hidden_states");
  const pooled = asFloat32(outputs["text_embeds"], "text_embeds");
  return items.map((_, row) => ({ hidden: takeRow(hidden, row), pooled: takeRow(pooled, row) }));
}

/** Row `row` of the first axis without that axis (copied). */
export function takeRow(value: TypedTensor<"float32">, row: number): TypedTensor<"float32"> {
  const { dtype, dims, data } = sliceRows(value, row, row + 1);
  return { dtype, dims: dims.slice(1), data };
}
