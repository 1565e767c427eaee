import {
  resizePicture,
  toTensor,
  type ByteTokenizer,
  type Manifest,
  type Model,
  type Picture,
  type Session,
  type StatefulRun,
} from "@moodifier/inference";
import { asFloat32, int64, zeros, type TypedTensor } from "@moodifier/tensor";
import { decodeReply, type FeedTokens } from "./constrained-decoding.ts";
import { compileGrammar } from "./grammar.ts";
import { createVocabulary, type TokenVocabulary } from "./token-vocabulary.ts";
import { ChatError, type ChatReply, type ChatRequest, type VisionChat } from "./vision-chat.ts";

/** Free strings of a reply take at most this many tokens; a caption of five sentences takes about half. */
const MAX_STRING_TOKENS = 160;

type Tower = NonNullable<Manifest["image"]["planner"]>;
type Shape = NonNullable<Manifest["planner"]>;
type Tokens = NonNullable<Manifest["tokenizers"]["planner"]>;

/**
 * Opens the LLaVA-style planner of a model family: vision tower and projector (`planner_vision`), causal decoder with a key-value
 * cache (`planner_decoder`). Sequence: [image tokens] bos, user text, sep, reply. Decoding is greedy and bound to the grammar of
 * the schema, so replies always follow it. The template was trained without system text, which is ignored.
 * @throws TypeError when the manifest describes no planner; whatever opening the sessions throws.
 */
export async function openOnnxVlm(model: Model): Promise<VisionChat> {
  const { planner: shape, image, tokenizers, id, version } = model.manifest;
  const tokens = tokenizers.planner;
  if (!shape || !image.planner || !tokens) throw new TypeError(`the manifest of model ${id} describes no planner`);
  const [vision, decoder, tokenizer] = await Promise.all([
    model.session("planner_vision"),
    model.session("planner_decoder"),
    model.tokenizer("planner"),
  ]);
  return new OnnxVlm(`${id}-planner@${version}`, vision, decoder, tokenizer, { tower: image.planner, shape, tokens });
}

class OnnxVlm implements VisionChat {
  readonly modelId: string;
  readonly repairs = 0;
  readonly #vision: Session;
  readonly #decoder: Session;
  readonly #vocabulary: TokenVocabulary;
  readonly #tower: Tower;
  readonly #shape: Shape;
  readonly #tokens: Tokens;

  constructor(
    modelId: string,
    vision: Session,
    decoder: Session,
    tokenizer: ByteTokenizer,
    layout: { tower: Tower; shape: Shape; tokens: Tokens },
  ) {
    this.modelId = modelId;
    this.#vision = vision;
    this.#decoder = decoder;
    this.#tower = layout.tower;
    this.#shape = layout.shape;
    this.#tokens = layout.tokens;
    const { bosToken, sepToken, eosToken, padToken } = layout.tokens;
    this.#vocabulary = createVocabulary(tokenizer, tokenizer.size, [bosToken, sepToken, eosToken, padToken]);
  }

  async complete({ messages, image, schema, signal }: ChatRequest): Promise<ChatReply> {
    const [question, ...more] = messages;
    if (question?.role !== "user" || more.length > 0) throw new TypeError("the planner answers exactly one user turn");
    const imageTokens = await this.#look(image, signal);
    const { bosToken, sepToken, maxLength } = this.#tokens;
    const prompt = [bosToken, ...this.#vocabulary.encode(question.text), sepToken];
    const maxTokens = maxLength - (imageTokens.dims[1] ?? 0) - prompt.length;
    if (maxTokens <= 0)
      throw new ChatError("CHAT_REPLY_TOO_LONG", `the question leaves no room in ${maxLength} tokens`);
    const state = this.#decoder.openState({ present_keys: "past_keys", present_values: "past_values" });
    try {
      return await decodeReply(
        compileGrammar(schema),
        prompt,
        this.#feeder(state, imageTokens, signal),
        this.#vocabulary,
        { maxTokens, maxStringTokens: MAX_STRING_TOKENS },
        signal,
      );
    } finally {
      state.close();
    }
  }

  /** Image tokens f32 [1,N,D] of a square picture. */
  async #look(image: Picture, signal: AbortSignal | undefined): Promise<TypedTensor<"float32">> {
    const { size, mean, std } = this.#tower;
    const pixels = toTensor(await resizePicture(image, size, size), { mean, std });
    const { image_tokens } = await this.#vision.run({ pixel_values: pixels }, { signal });
    return asFloat32(image_tokens, "image_tokens");
  }

  #feeder(state: StatefulRun, imageTokens: TypedTensor<"float32">, signal: AbortSignal | undefined): FeedTokens {
    const width = imageTokens.dims[2] ?? 0;
    const { layers, heads, headDim } = this.#shape;
    const noPast = zeros("float32", [layers, heads, 0, headDim]);
    const noImage = zeros("float32", [1, 0, width]);
    let first = true;
    return async (ids) => {
      const feeds = {
        image_tokens: first ? imageTokens : noImage,
        input_ids: int64([1, ids.length], ids),
        ...(first ? { past_keys: noPast, past_values: noPast } : {}),
      };
      first = false;
      const { logits } = await state.run(feeds, { signal, outputs: ["logits"] });
      const { data, dims } = asFloat32(logits, "logits");
      return data.subarray(data.length - (dims.at(-1) ?? 0));
    };
  }
}
