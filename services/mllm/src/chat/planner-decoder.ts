import type { Model, Session, StatefulRun } from "@moodifier/inference";
import { asFloat32, int64, zeros, type TypedTensor } from "@moodifier/tensor";
import { decodeReply, type DecodedReply, type FeedTokens } from "./constrained-decoding.ts";
import { compileGrammar } from "./grammar.ts";
import type { ReplySchema } from "./reply-schema.ts";
import { createVocabulary, type TokenVocabulary } from "./token-vocabulary.ts";
import { ChatError } from "./vision-chat.ts";

/** Free strings of a reply take at most this many tokens; a caption of five sentences takes about half. */
const MAX_STRING_TOKENS = 160;

/** Sizes of the decoder's key-value cache. */
type CacheShape = { layers: number; heads: number; headDim: number };

/**
 * The causal decoder of a LLaVA-style planner (`planner_decoder`). Sequence: [image tokens] bos, user text, sep, reply; keys and values of
 * what was fed stay in the session's worker.
 */
export class PlannerDecoder {
  readonly #session: Session;
  readonly #vocabulary: TokenVocabulary;
  readonly #cache: CacheShape;
  readonly #bosToken: number;
  readonly #sepToken: number;
  readonly #maxLength: number;

  /** Opens the decoder and its tokenizer. Throws TypeError when the manifest describes no planner. */
  static async open(model: Model): Promise<PlannerDecoder> {
    const { planner, tokenizers, id } = model.manifest;
    const special = tokenizers.planner;
    const { layers, heads, headDim } = planner ?? {};
    if (!layers || !heads || !headDim || !special) {
      throw new TypeError(
        `model ${id} has no planner of its own; set MOODIFIER_CHAT=openai and the chat server's address`,
      );
    }
    const [session, tokenizer] = await Promise.all([model.session("planner_decoder"), model.tokenizer("planner")]);
    const { bosToken, sepToken, eosToken, padToken } = special;
    const vocabulary = createVocabulary(tokenizer, tokenizer.size, [bosToken, sepToken, eosToken, padToken]);
    return new PlannerDecoder(session, vocabulary, { layers, heads, headDim }, special);
  }

  private constructor(
    session: Session,
    vocabulary: TokenVocabulary,
    cache: CacheShape,
    special: { bosToken: number; sepToken: number; maxLength: number },
  ) {
    this.#session = session;
    this.#vocabulary = vocabulary;
    this.#cache = cache;
    this.#bosToken = special.bosToken;
    this.#sepToken = special.sepToken;
    this.#maxLength = special.maxLength;
  }

  /** The tokens before the reply. */
  promptOf(question: string): number[] {
    return [this.#bosToken, ...this.#vocabulary.encode(question), this.#sepToken];
  }

  /**
   * Answers one question about one picture, greedily and within the grammar of the schema.
   * @param imageTokens f32 [1,N,D].
   * @param options `likely`: texts that the reply may repeat, for speed alone.
   * @throws ChatError CHAT_REPLY_TOO_LONG when not even the shortest reply fits; the signal's reason when aborted.
   */
  async reply(
    imageTokens: TypedTensor<"float32">,
    question: string,
    schema: ReplySchema,
    options: { likely?: readonly string[] | undefined; signal?: AbortSignal | undefined } = {},
  ): Promise<DecodedReply> {
    const { signal } = options;
    const likely = (options.likely ?? []).flatMap((text) => this.#vocabulary.encode(text));
    const prompt = this.promptOf(question);
    const maxTokens = this.#maxLength - (imageTokens.dims[1] ?? 0) - prompt.length;
    if (maxTokens <= 0) {
      throw new ChatError("CHAT_REPLY_TOO_LONG", `the question leaves no room in ${this.#maxLength} tokens`);
    }
    const limits = { maxTokens, maxStringTokens: MAX_STRING_TOKENS };
    const state = this.#session.openState({ present_keys: "past_keys", present_values: "past_values" });
    try {
      const feed = this.#feeder(state, imageTokens, signal);
      return await decodeReply(compileGrammar(schema), prompt, feed, this.#vocabulary, limits, { likely, signal });
    } finally {
      state.close();
    }
  }

  #feeder(state: StatefulRun, imageTokens: TypedTensor<"float32">, signal: AbortSignal | undefined): FeedTokens {
    const { layers, heads, headDim } = this.#cache;
    const noPast = zeros("float32", [layers, heads, 0, headDim]);
    const noImage = zeros("float32", [1, 0, imageTokens.dims[2] ?? 0]);
    let first = true;
    return async (ids, rows, rewind) => {
      const feeds = {
        image_tokens: first ? imageTokens : noImage,
        input_ids: int64([1, ids.length], ids),
        ...(first ? { past_keys: noPast, past_values: noPast } : {}),
      };
      first = false;
      const { logits } = await state.run(feeds, { signal, outputs: ["logits"], rewind });
      const { data, dims } = asFloat32(logits, "logits");
      const width = dims.at(-1) ?? 0;
      return Array.from({ length: rows }, (_, row) => {
        const end = data.length - (rows - 1 - row) * width;
        return data.subarray(end - width, end);
      });
    };
  }
}
