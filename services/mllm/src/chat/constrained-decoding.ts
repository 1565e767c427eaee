import type { Piece } from "./grammar.ts";
import { createOptionTrie, type OptionTrie } from "./option-trie.ts";
import { draftByLookup } from "./prompt-lookup.ts";
import { pickBest } from "./token-choice.ts";
import { singleToken, type TokenVocabulary } from "./token-vocabulary.ts";
import { ChatError } from "./vision-chat.ts";

/**
 * Feeds tokens to the model: forgets the last `rewind` tokens that it was fed, then appends the ids.
 * @returns the logits [vocabulary] after each of the last `rows` ids.
 */
export type FeedTokens = (ids: number[], rows: number, rewind: number) => Promise<Float32Array[]>;

/** Limits of one reply. */
export type DecodingLimits = {
  /** Tokens of the whole reply at most. */
  maxTokens: number;
  /** Tokens of one free string at most; a longer one is cut. */
  maxStringTokens: number;
};

/** A decoded reply. */
export type DecodedReply = {
  /** Compact JSON that follows the grammar. */
  text: string;
  /** All tokens of the reply. */
  ids: number[];
  /** Whether a string or list was cut to stay within the limits. */
  truncated: boolean;
};

/** Tokens that are guessed ahead at most; the model checks them in one run. */
const MAX_DRAFT = 12;

/**
 * Greedy decoding under a grammar. Literals are fed and never chosen. A free string ends when the model chooses the first token of the
 * literal behind it; options follow a trie of their token sequences; digits are 0-9; a list's separator is "," or "]".
 * Tokens without an alternative are fed together with the next chosen one, and so are guesses of the ones after it (`draftByLookup`);
 * a wrong guess is forgotten, so guessing changes the number of runs and not the reply.
 * Strings and lists end early rather than exceed the limits: the reply always follows the grammar.
 * @param prompt tokens before the reply, not empty; fed first.
 * @param options `likely`: tokens of texts that the reply may repeat; good guesses save time and change nothing else.
 * @throws ChatError CHAT_REPLY_TOO_LONG when even the shortest reply does not fit; the signal's reason when aborted (checked each token).
 */
export async function decodeReply(
  pieces: Piece[],
  prompt: number[],
  feed: FeedTokens,
  vocabulary: TokenVocabulary,
  limits: DecodingLimits,
  { likely = [], signal }: { likely?: readonly number[]; signal?: AbortSignal | undefined } = {},
): Promise<DecodedReply> {
  const shortest = shortestLength(pieces, vocabulary);
  if (shortest > limits.maxTokens) {
    throw new ChatError(
      "CHAT_REPLY_TOO_LONG",
      `the shortest reply takes ${shortest} tokens, the limit leaves ${limits.maxTokens}`,
    );
  }
  const writer = new ReplyWriter([...likely], prompt, feed, vocabulary, limits, signal);
  await writer.write(pieces, 0);
  return writer.finish();
}

/** Tokens of the shortest text that the pieces allow: strings of one token, lists of `minItems`. */
export function shortestLength(pieces: Piece[], vocabulary: TokenVocabulary): number {
  return pieces.reduce((sum, piece) => sum + shortestPiece(piece, vocabulary), 0);
}

function shortestPiece(piece: Piece, vocabulary: TokenVocabulary): number {
  switch (piece.kind) {
    case "literal":
      return vocabulary.encode(piece.text).length;
    case "text":
      return 1;
    case "option":
      return Math.max(...piece.options.map((option) => vocabulary.encode(option).length));
    case "digits":
      return 2;
    case "repeat":
      return (
        shortestLength(piece.first, vocabulary) +
        (piece.minItems - 1) * shortestLength(piece.again, vocabulary) +
        piece.minItems
      );
  }
}

/** The state of one reply while it is written. */
class ReplyWriter {
  readonly #feed: FeedTokens;
  readonly #vocabulary: TokenVocabulary;
  readonly #limits: DecodingLimits;
  readonly #signal: AbortSignal | undefined;
  /** Tokens that are decided but not yet fed. */
  #pending: number[];
  /** Texts that the reply may repeat, the prompt, and the reply so far: where guesses come from. */
  readonly #history: number[];
  readonly #ids: number[] = [];
  /** Guessed tokens that the model was fed beyond the pending ones, and the logits before each of them and after the last. */
  #draft: number[] = [];
  #rows: Float32Array[] = [];
  #text = "";
  #truncated = false;

  constructor(
    likely: number[],
    prompt: number[],
    feed: FeedTokens,
    vocabulary: TokenVocabulary,
    limits: DecodingLimits,
    signal: AbortSignal | undefined,
  ) {
    this.#history = [...likely, ...prompt];
    this.#pending = [...prompt];
    this.#feed = feed;
    this.#vocabulary = vocabulary;
    this.#limits = limits;
    this.#signal = signal;
  }

  finish(): DecodedReply {
    return {
      text: this.#text,
      ids: this.#ids,
      truncated: this.#truncated,
    };
  }

  /** Writes pieces; `reserve` is the number of tokens that what follows them needs at least. */
  async write(pieces: Piece[], reserve: number): Promise<void> {
    const rest = pieces.map((_, index) => reserve + shortestLength(pieces.slice(index + 1), this.#vocabulary));
    for (const [index, piece] of pieces.entries()) {
      const after = rest[index] ?? reserve;
      if (piece.kind === "literal") this.#append(this.#vocabulary.encode(piece.text), piece.text);
      else if (piece.kind === "digits") await this.#writeDigits();
      else if (piece.kind === "repeat") await this.#writeList(piece, after);
      else {
        const closing = pieces[index + 1];
        if (closing?.kind !== "literal") throw new TypeError("a literal follows every string");
        const [stop] = this.#vocabulary.encode(closing.text);
        if (stop === undefined) throw new TypeError("a literal has at least one token");
        if (piece.kind === "text") await this.#writeText(piece, stop, after);
        else await this.#writeOption(createOptionTrie(piece.options, this.#vocabulary), stop);
      }
    }
  }

  /** The stop token belongs to the literal that follows, which appends it; here it only ends the string. */
  async #writeText(piece: Extract<Piece, { kind: "text" }>, stop: number, reserve: number): Promise<void> {
    const { textIds } = this.#vocabulary;
    const withStop = [...textIds, stop];
    const ids: number[] = [];
    let text = "";
    for (;;) {
      if (
        ids.length >= this.#limits.maxStringTokens ||
        this.#ids.length + ids.length + reserve >= this.#limits.maxTokens
      ) {
        this.#truncated = true;
        break;
      }
      const id = await this.#choose(text.length < Math.max(1, piece.minLength) ? textIds : withStop);
      if (id === stop) break;
      const longer = this.#vocabulary.decode([...ids, id]);
      if (longer.length > piece.maxLength) {
        this.#truncated = true;
        break;
      }
      ids.push(id);
      text = longer;
      this.#advance([id]);
    }
    this.#ids.push(...ids);
    this.#text += text;
  }

  async #writeOption(trie: OptionTrie, stop: number): Promise<void> {
    let node = trie;
    for (;;) {
      const allowed = [...node.next.keys(), ...(node.option === undefined ? [] : [stop])];
      const id = allowed.length === 1 ? allowed[0] : await this.#choose(allowed);
      const child = id === undefined ? undefined : node.next.get(id);
      if (id === undefined || child === undefined) break;
      this.#append([id], "");
      node = child;
    }
    this.#text += node.option ?? "";
  }

  async #writeDigits(): Promise<void> {
    for (let place = 0; place < 2; place++) {
      const id = await this.#choose(this.#vocabulary.digitIds);
      this.#append([id], this.#vocabulary.tokenText(id));
    }
  }

  async #writeList(list: Extract<Piece, { kind: "repeat" }>, reserve: number): Promise<void> {
    const comma = singleToken(this.#vocabulary, ",");
    const bracket = singleToken(this.#vocabulary, "]");
    const another = 2 + shortestLength(list.again, this.#vocabulary);
    for (let count = 1; ; count++) {
      // Separators of the items that must still come, this one included.
      const owed = Math.max(0, list.minItems - count) * (another - 1) + 1;
      await this.write(count === 1 ? list.first : list.again, reserve + owed);
      const fits = this.#ids.length + another + reserve <= this.#limits.maxTokens;
      let id = bracket;
      if (count < list.minItems) id = comma;
      else if (count < list.maxItems && fits) id = await this.#choose([comma, bracket]);
      else if (count < list.maxItems) this.#truncated = true;
      this.#append([id], id === comma ? "," : "]");
      if (id === bracket) return;
    }
  }

  #append(ids: number[], text: string): void {
    this.#advance(ids);
    this.#ids.push(...ids);
    this.#text += text;
  }

  #advance(ids: number[]): void {
    this.#pending.push(...ids);
    this.#history.push(...ids);
  }

  /** The model's best allowed token after everything pending, which the caller appends. */
  async #choose(allowed: readonly number[]): Promise<number> {
    this.#signal?.throwIfAborted();
    return pickBest(await this.#logitsAfterPending(), allowed);
  }

  /** Takes the logits from a guess that came true, else runs the model on what is pending and on a new guess. */
  async #logitsAfterPending(): Promise<Float32Array> {
    while (this.#pending.length > 0 && this.#pending[0] === this.#draft[0]) {
      this.#pending.shift();
      this.#draft.shift();
      this.#rows.shift();
    }
    if (this.#pending.length > 0 || this.#rows.length === 0) {
      const rewind = this.#draft.length;
      this.#draft = draftByLookup(this.#history, MAX_DRAFT);
      this.#rows = await this.#feed([...this.#pending, ...this.#draft], this.#draft.length + 1, rewind);
      this.#pending = [];
    }
    const [logits] = this.#rows;
    if (!logits) throw new RangeError("the model gave no logits");
    return logits;
  }
}
