/** The tokens of a text as its tokenizer cut them; start and end have an empty piece or the special token's name. */
export interface TokenText {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
}

/** Positions of words, and the words that the text does not have. */
export interface FoundWords {
  readonly tokens: number[];
  readonly missing: string[];
}

const WORD_END = "</w>";

/**
 * Positions in `text` of all tokens that make up the given words, ascending; every occurrence counts. A word (or several, separated by
 * spaces) is found where neighbouring pieces spell it, whatever its case and the punctuation around it.
 */
export function findWords(text: TokenText, words: readonly string[]): FoundWords {
  const spelled = text.pieces.map((piece) => piece.replace(WORD_END, "").trim().toLowerCase());
  const found = new Set<number>();
  const missing: string[] = [];
  for (const word of words) {
    const parts = word
      .toLowerCase()
      .split(/[^\p{L}\p{N}]+/u)
      .filter((part) => part !== "");
    // Every part is marked, so no short-circuit.
    const hits = parts.map((part) => markWord(spelled, part, found));
    if (!hits.includes(true)) {
      missing.push(word);
    }
  }
  return { tokens: [...found].sort((a, b) => a - b), missing };
}

/** Adds the tokens of every occurrence of `word` to `found` and says whether there is one. */
function markWord(spelled: readonly string[], word: string, found: Set<number>): boolean {
  let hit = false;
  for (let start = 1; start < spelled.length - 1; start++) {
    let text = "";
    let end = start;
    while (end < spelled.length - 1 && text.length < word.length) {
      text += spelled[end++]!;
    }
    if (text === word) {
      hit = true;
      for (let at = start; at < end; at++) {
        found.add(at);
      }
    }
  }
  return hit;
}
