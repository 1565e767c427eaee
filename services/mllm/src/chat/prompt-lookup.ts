/** Longest n-gram that is looked up, in tokens; shorter ones follow when it was never seen. */
const LONGEST_NGRAM = 3;
const SHORTEST_NGRAM = 2;

/**
 * Guesses how a reply goes on: looks for the latest earlier place where its last tokens stand and proposes what came after them there
 * (prompt lookup decoding, a draft for speculative decoding without a draft model). A target caption repeats most of its source, so many
 * of its tokens are guessed. The guess never decides anything: the model checks it, several tokens in one run.
 * @param history everything so far; the guess continues its end.
 * @param most tokens of the guess at most.
 * @returns ids, empty when the end was never seen before.
 */
export function draftByLookup(history: readonly number[], most: number): number[] {
  for (let length = LONGEST_NGRAM; length >= SHORTEST_NGRAM; length--) {
    const end = history.length - length;
    for (let start = end - 1; start >= 0; start--) {
      let same = 0;
      while (same < length && history[start + same] === history[end + same]) same++;
      if (same === length) return history.slice(start + length, Math.min(start + length + most, history.length));
    }
  }
  return [];
}
