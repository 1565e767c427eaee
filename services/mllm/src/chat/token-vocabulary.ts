/** What constrained decoding needs of a tokenizer. */
export type TokenCodec = {
  /** Token ids of a text, without special tokens. */
  encode(text: string): number[];
  /** Text of token ids; incomplete UTF-8 becomes U+FFFD. */
  decode(ids: number[]): string;
  /** Text of one token. */
  tokenText(id: number): string;
};

/** Token sets that the grammar chooses from, computed once per tokenizer. */
export type TokenVocabulary = TokenCodec & {
  /** Number of rows of the logits. */
  size: number;
  /** Ids that may stand inside a free string: no quote, no backslash, no control character, not special. */
  textIds: number[];
  /** Ids of the digits 0 to 9. */
  digitIds: number[];
};

/**
 * Sorts a vocabulary into the sets of the grammar.
 * @param size number of logits, at least the number of tokens.
 * @param specialIds ids that never stand in a reply.
 * @throws RangeError when a digit, a comma or a bracket is not one token.
 */
export function createVocabulary(codec: TokenCodec, size: number, specialIds: number[]): TokenVocabulary {
  const special = new Set(specialIds);
  const textIds: number[] = [];
  for (let id = 0; id < size; id++) {
    if (!special.has(id) && isPlainText(codec.tokenText(id))) textIds.push(id);
  }
  const digitIds = [..."0123456789"].map((digit) => singleToken(codec, digit));
  for (const separator of [",", "]"]) singleToken(codec, separator);
  return {
    size,
    textIds,
    digitIds,
    encode: (text) => codec.encode(text),
    decode: (ids) => codec.decode(ids),
    tokenText: (id) => codec.tokenText(id),
  };
}

/** The id of a text that must be one token. */
export function singleToken(codec: TokenCodec, text: string): number {
  const [id, ...rest] = codec.encode(text);
  if (id === undefined || rest.length > 0)
    throw new RangeError(`the planner's tokenizer must encode ${JSON.stringify(text)} as one token`);
  return id;
}

function isPlainText(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return text.length > 0 && !/["\\\u0000-\u001f]/.test(text);
}
