import { InferenceError } from "../inference-error.ts";
import type { ByteTokenizerEntry } from "../manifest/manifest-schema.ts";
import { BytePairs, bytesOfToken, type BytePairFiles } from "./byte-pairs.ts";

/** GPT-2's pattern, except that digits stand alone: contractions, words with their leading blank, single digits, other runs, blanks. */
const WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+|\p{N}| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;
/** Digits are cut out first, so a blank before a digit is a blank at the end of its stretch. */
const DIGITS = /(\p{Nd}|\p{Nl}|\p{No})/u;

/** Byte-level byte pairs as GPT-2 has them, every digit a token of its own, no prefix space, no special tokens in text. */
export class ByteTokenizer {
  readonly bosToken: number;
  readonly sepToken: number;
  readonly eosToken: number;
  readonly padToken: number;
  readonly maxLength: number;
  readonly #pairs: BytePairs;
  readonly #special: ReadonlySet<number>;

  /** Throws InferenceError MANIFEST_INVALID when the files are malformed or a special token lies outside the vocabulary. */
  constructor(files: BytePairFiles, entry: Omit<ByteTokenizerEntry, "kind" | "vocab" | "merges">) {
    this.#pairs = new BytePairs(files, "");
    this.bosToken = entry.bosToken;
    this.sepToken = entry.sepToken;
    this.eosToken = entry.eosToken;
    this.padToken = entry.padToken;
    this.maxLength = entry.maxLength;
    this.#special = new Set([entry.bosToken, entry.sepToken, entry.eosToken, entry.padToken]);
    for (const id of this.#special) {
      if (id >= this.#pairs.size) {
        throw new InferenceError(
          "MANIFEST_INVALID",
          `special token ${id} lies outside the vocabulary of ${this.#pairs.size}`,
        );
      }
    }
  }

  /** Number of tokens. */
  get size(): number {
    return this.#pairs.size;
  }

  /** The ids of a text; empty text gives none. The text's length is not limited. */
  encode(text: string): number[] {
    const ids: number[] = [];
    for (const part of text.split(DIGITS)) {
      for (const [word] of part.matchAll(WORDS)) {
        ids.push(...this.#pairs.encodeWord(word));
      }
    }
    return ids;
  }

  /** The text of ids; special tokens fall away, bytes that are no UTF-8 become U+FFFD. */
  decode(ids: readonly number[]): string {
    const parts = ids.filter((id) => !this.#special.has(id)).map((id) => bytesOfToken(this.#pairs.tokenOf(id)));
    return Buffer.concat(parts).toString("utf8");
  }

  /** The text of one token; a special token gives its name, a part of a multi-byte character gives U+FFFD. */
  tokenText(id: number): string {
    const token = this.#pairs.tokenOf(id);
    return this.#special.has(id) ? token : Buffer.from(bytesOfToken(token)).toString("utf8");
  }
}
