/**
 * Words of a target prompt whose attention maps localise the edit when there is no mask: the labels of the regions as far as the prompt
 * names them, else the words that the prompt has and the source caption has not. Lower case, in the order of the prompt, each once.
 */
export function chooseBlendWords(source: string, target: string, labels: readonly string[]): string[] {
  const words = wordsOf(target);
  const named = words.filter((word) => labels.includes(word));
  if (named.length > 0) return unique(named);
  const before = new Set(wordsOf(source));
  return unique(words.filter((word) => !before.has(word)));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/\p{L}+/gu) ?? [];
}

function unique(words: string[]): string[] {
  return [...new Set(words)];
}
