import { InferenceError } from "../inference-error.ts";
import { NumberHeap } from "./number-heap.ts";

/** The two files of a byte-pair tokenizer, as text: `vocab.json` (token -> id) and `merges.txt` (a pair a line, best first). */
export interface BytePairFiles {
  readonly vocab: string;
  readonly merges: string;
}

/** Words kept with their ids, and how long (in UTF-16 units) a word may be to be kept. */
const CACHE_LIMIT = 10_000;
const CACHE_WORD_LIMIT = 64;
/** Rank and place share one number: rank x 2^32 + place stays exact below 2^53. */
const PLACES = 2 ** 32;

/**
 * Byte-pair merging over byte-level text (Sennrich et al. 2016; bytes written as printable characters as GPT-2 does).
 * A word's bytes are its first symbols; the pair with the best rank is merged, leftmost first, until no known pair is left.
 */
export class BytePairs {
  readonly #ids: ReadonlyMap<string, number>;
  readonly #tokens: readonly string[];
  readonly #ranks = new Map<string, number>();
  readonly #suffix: string;
  readonly #cache = new Map<string, readonly number[]>();

  /** `suffix` marks a word's last symbol ("</w>" in CLIP, "" in GPT-2). Throws InferenceError MANIFEST_INVALID on malformed files. */
  constructor(files: BytePairFiles, suffix: string) {
    const vocab = parseVocab(files.vocab);
    this.#ids = new Map(vocab);
    const tokens: string[] = [];
    for (const [token, id] of vocab) {
      tokens[id] = token;
    }
    this.#tokens = tokens;
    this.#suffix = suffix;
    for (const line of files.merges.split("\n")) {
      const pair = line.trimEnd().split(" ");
      if (line.startsWith("#version") || line === "") {
        continue;
      }
      const [left, right] = pair;
      if (pair.length !== 2 || !this.#ids.has(left! + right!)) {
        throw new InferenceError(
          "MANIFEST_INVALID",
          `merges.txt: line ${this.#ranks.size + 1} is no pair of the vocabulary`,
        );
      }
      this.#ranks.set(`${left} ${right}`, this.#ranks.size);
    }
  }

  /** Number of ids. */
  get size(): number {
    return this.#tokens.length;
  }

  /** The id of a token, or undefined. */
  idOf(token: string): number | undefined {
    return this.#ids.get(token);
  }

  /** The token of an id as it stands in the vocabulary, bytes in their printable form. Throws RangeError on an unknown id. */
  tokenOf(id: number): string {
    const token = this.#tokens[id];
    if (token === undefined) {
      throw new RangeError(`token id must be 0..${this.#tokens.length - 1}, got ${id}`);
    }
    return token;
  }

  /** The ids of one word of at least one character. */
  encodeWord(word: string): readonly number[] {
    let ids = this.#cache.get(word);
    if (!ids) {
      ids = this.#merge(word).map((token) => this.#ids.get(token)!);
      if (this.#cache.size >= CACHE_LIMIT) {
        this.#cache.clear();
      }
      if (word.length <= CACHE_WORD_LIMIT) {
        this.#cache.set(word, ids);
      }
    }
    return ids;
  }

  /** Symbols form a linked list and candidates a heap ordered by rank, then place: n log n, so one endless word cannot hold the thread. */
  #merge(word: string): string[] {
    const symbols = Array.from(Buffer.from(word, "utf8"), (byte) => BYTE_CHARACTERS[byte]!);
    symbols[symbols.length - 1] += this.#suffix;
    const next = Int32Array.from(symbols, (_, i) => i + 1);
    const previous = Int32Array.from(symbols, (_, i) => i - 1);
    const gone = new Uint8Array(symbols.length);
    const candidates = new NumberHeap();
    const rankAt = (at: number) => this.#ranks.get(`${symbols[at]} ${symbols[next[at]!]}`);
    const offer = (at: number) => {
      const rank = at >= 0 && next[at]! < symbols.length ? rankAt(at) : undefined;
      if (rank !== undefined) {
        candidates.push(rank * PLACES + at);
      }
    };
    symbols.forEach((_, at) => offer(at));
    for (let top = candidates.pop(); top !== undefined; top = candidates.pop()) {
      const at = top % PLACES;
      // An earlier merge may have taken either side of this pair.
      if (gone[at] || next[at]! >= symbols.length || rankAt(at) !== Math.floor(top / PLACES)) {
        continue;
      }
      const taken = next[at]!;
      symbols[at] += symbols[taken]!;
      gone[taken] = 1;
      next[at] = next[taken]!;
      if (next[at]! < symbols.length) {
        previous[next[at]!] = at;
      }
      offer(previous[at]!);
      offer(at);
    }
    return symbols.filter((_, at) => !gone[at]);
  }
}

/** The bytes behind a token's printable form. Characters that stand for no byte (in special tokens) count as their UTF-8 bytes. */
export function bytesOfToken(token: string): Uint8Array {
  return Buffer.concat(
    [...token].map((character) => {
      const byte = CHARACTER_BYTES.get(character);
      return byte === undefined ? Buffer.from(character, "utf8") : Uint8Array.of(byte);
    }),
  );
}

/** GPT-2's table: printable Latin-1 bytes stand for themselves, the 68 others for U+0100 and on, in byte order. */
const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 256;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCodePoint(printable ? byte : next++);
  });
})();

const CHARACTER_BYTES: ReadonlyMap<string, number> = new Map(
  BYTE_CHARACTERS.map((character, byte) => [character, byte]),
);

function parseVocab(text: string): [string, number][] {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InferenceError("MANIFEST_INVALID", "vocab.json is not valid JSON", { cause });
  }
  const entries = Object.entries(json as Record<string, number>);
  const ids = new Set(entries.map(([, id]) => id));
  if (
    ids.size !== entries.length ||
    entries.some(([, id]) => !Number.isInteger(id) || id < 0 || id >= entries.length)
  ) {
    throw new InferenceError("MANIFEST_INVALID", "vocab.json must map tokens to the ids 0..n-1, each used once");
  }
  return entries;
}
