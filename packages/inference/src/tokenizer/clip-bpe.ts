import { InferenceError } from "../inference-error.ts";
import type { ClipTokenizerEntry } from "../manifest/manifest-schema.ts";
import { BytePairs, type BytePairFiles } from "./byte-pairs.ts";

/** Letters and digits that Unicode 17 added. The reference knows Unicode 16, where they are unassigned; Node moves on with each release. */
const ADDED_LATER =
  "\\u{88f}\\u{c5c}\\u{cdc}\\u{a7ce}-\\u{a7cf}\\u{a7f1}\\u{10940}-\\u{10959}\\u{10ec5}-\\u{10ec7}\\u{11db0}-\\u{11ddb}\\u{11de0}-\\u{11de9}" +
  "\\u{16ea0}-\\u{16eb8}\\u{16ebb}-\\u{16ed3}\\u{16ff2}-\\u{16ff6}\\u{187f8}-\\u{187ff}\\u{18d09}-\\u{18d1e}\\u{18d80}-\\u{18df2}\\u{1e6c0}-\\u{1e6de}\\u{1e6e0}-\\u{1e6e2}\\u{1e6e4}-\\u{1e6e5}\\u{1e6e7}-\\u{1e6ed}\\u{1e6f0}-\\u{1e6f4}\\u{1e6fe}-\\u{1e6ff}\\u{2b73a}-\\u{2b73f}\\u{2cea2}-\\u{2cead}\\u{323b0}-\\u{33479}";
/** CLIP's pattern: contractions, runs of letters, single digits, runs of the rest. White space falls away. */
const WORDS = new RegExp(
  String.raw`<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}--[${ADDED_LATER}]]+|[\p{N}--[${ADDED_LATER}]]|[^\p{White_Space}[[\p{L}\p{N}]--[${ADDED_LATER}]]]+`,
  "gv",
);
/** Special tokens count before anything is normalised, so only in this spelling. */
const SPECIAL = /(<\|startoftext\|>|<\|endoftext\|>)/u;
/** A special token's name that arises from lower-casing is plain text, cut as GPT-2's byte-level pattern cuts it. */
const SPELLED_SPECIAL = /^(<\|)(startoftext|endoftext)(\|>)$/u;

/** What a text becomes. `pieces[i]` is the vocabulary entry of `ids[i]`; one that ends in "</w>" ends a word. */
export interface ClipEncoding {
  readonly ids: number[];
  readonly pieces: string[];
}

/**
 * CLIP's tokenizer as `transformers` 5 defines it (CLIPTokenizer): NFC, white space folded, lower case by character, words by pattern,
 * byte pairs with a word-end mark.
 */
export class ClipTokenizer {
  readonly maxLength: number;
  readonly startToken: number;
  readonly endToken: number;
  readonly padToken: number;
  readonly #pairs: BytePairs;

  /** Throws InferenceError MANIFEST_INVALID when the files are malformed or lack the special tokens. */
  constructor(files: BytePairFiles, entry: Omit<ClipTokenizerEntry, "kind" | "vocab" | "merges">) {
    this.#pairs = new BytePairs(files, "</w>");
    this.maxLength = entry.maxLength;
    this.startToken = entry.startToken;
    this.endToken = entry.endToken;
    this.padToken = entry.padToken;
    for (const [token, id] of [
      ["<|startoftext|>", entry.startToken],
      ["<|endoftext|>", entry.endToken],
    ] as const) {
      if (this.#pairs.idOf(token) !== id) {
        throw new InferenceError(
          "MANIFEST_INVALID",
          `vocab.json gives ${token} the id ${this.#pairs.idOf(token)}, the manifest ${id}`,
        );
      }
    }
  }

  /**
   * The ids of a text between start and end. A text of more than `maxLength` tokens is cut, its end token kept, when `truncate` is true;
   * else it throws InferenceError TEXT_TOO_LONG.
   */
  encode(text: string, options: { readonly truncate?: boolean } = {}): ClipEncoding {
    const body = text
      .split(SPECIAL)
      .flatMap((part, index) => (index % 2 === 1 ? [this.#pairs.idOf(part)!] : this.#encodePlain(part)));
    const length = body.length + 2;
    if (length > this.maxLength && !options.truncate) {
      throw new InferenceError(
        "TEXT_TOO_LONG",
        `a text may have ${this.maxLength} tokens with start and end, this one has ${length}`,
      );
    }
    const ids = [this.startToken, ...body.slice(0, this.maxLength - 2), this.endToken];
    return { ids, pieces: ids.map((id) => this.#pairs.tokenOf(id)) };
  }

  /** `ids` filled up with the pad token to `length`. Throws RangeError when they are longer. */
  pad(ids: readonly number[], length: number): number[] {
    if (ids.length > length) {
      throw new RangeError(`cannot pad ${ids.length} tokens to ${length}`);
    }
    return [...ids, ...Array<number>(length - ids.length).fill(this.padToken)];
  }

  #encodePlain(text: string): number[] {
    const ids: number[] = [];
    for (const [word] of lowerCase(text.normalize("NFC")).matchAll(WORDS)) {
      const parts = SPELLED_SPECIAL.exec(word)?.slice(1) ?? [word];
      for (const part of parts) {
        ids.push(...this.#pairs.encodeWord(part));
      }
    }
    return ids;
  }
}

/** Character by character, as the reference does: JavaScript's own lower-casing of a whole text has a rule for a final sigma. */
function lowerCase(text: string): string {
  return Array.from(text, (character) => character.toLowerCase()).join("");
}
