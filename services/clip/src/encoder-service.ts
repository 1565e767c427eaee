import { decodeImage } from "@moodifier/inference";
import { clip, type common } from "@moodifier/proto";
import { BoundedQueue, MoodError, unary } from "@moodifier/service-kit";
import type { TypedTensor } from "@moodifier/tensor";
import type { ImageEncoder } from "./encode/image-encoder.ts";
import { checkCount } from "./encode/request-limits.ts";
import { stackMessage, tensorMessage } from "./encode/tensor-message.ts";
import type { TextEncoder, Tokens } from "./encode/text-encoder.ts";
import { similarityMatrix } from "./retrieve/similarity.ts";
import type { EmotionScorer } from "./score/emotion-scorer.ts";

/** Pictures that are decoded and resized at the same time, whatever the number of requests: one of 40 megapixels takes 120 to 160 MB until it has been resized. */
const DECODERS = 4;

/** The opened model and what is computed from it once. */
export type EncoderParts = {
  modelId: string;
  texts: TextEncoder;
  images: ImageEncoder;
  scorer: EmotionScorer;
};

/**
 * The handlers of clip.v1.Encoder. Calls that come before the model is ready wait for it.
 * @param ready rejects when the model cannot be opened.
 */
export function createEncoderService(ready: Promise<EncoderParts>, queue: BoundedQueue): clip.EncoderServer {
  const decoding = new BoundedQueue({ name: "clip-decode", concurrency: DECODERS, maxQueue: Number.POSITIVE_INFINITY });
  const encodeImages = (encoder: ImageEncoder, images: common.Image[], signal: AbortSignal) =>
    encodePictures({ encoder, decoding }, images, signal);
  return {
    encodeText: unary(async (request: clip.EncodeTextRequest, { signal }) => {
      checkCount("texts", request.texts);
      const output = checkOutput(request.output);
      const { texts, modelId } = await ready;
      const tokens = texts.tokenize(request.texts, request.truncate);
      const encoded = await queue.run(() => encodeTexts(texts, tokens, signal), { signal });
      const states = stackMessage(encoded.map((item) => (output === "tokens" ? item.hidden : item.pooled)));
      return { states, tokens, modelId };
    }),
    encodeImage: unary(async (request: clip.EncodeImageRequest, { signal }) => {
      checkCount("images", request.images);
      const { images, modelId } = await ready;
      const encoded = await queue.run(() => encodeImages(images, request.images, signal), { signal });
      return { embeddings: stackMessage(encoded), modelId };
    }),
    scoreEmotions: unary(async (request: clip.ScoreEmotionsRequest, { signal }) => {
      const image = request.image;
      if (!image) throw new MoodError("INVALID_ARGUMENT", "IMAGE_MISSING", "image is required");
      const { images, scorer, modelId } = await ready;
      const encoded = await queue.run(() => encodeImages(images, [image], signal), { signal });
      return { scores: encoded.flatMap((embedding) => scorer.score(embedding)), modelId };
    }),
    compare: unary(async (request: clip.CompareRequest, { signal }) => {
      checkCount("images", request.images);
      checkCount("texts", request.texts);
      const { images, texts, modelId } = await ready;
      const tokens = texts.tokenize(request.texts, false);
      const [rows, columns] = await queue.run(
        () => Promise.all([encodeImages(images, request.images, signal), encodeTexts(texts, tokens, signal)]),
        { signal },
      );
      const pooled = columns.map((column) => column.pooled);
      return { similarities: tensorMessage(similarityMatrix(rows, pooled)), modelId };
    }),
  };
}

function checkOutput(output: clip.TextOutput): "tokens" | "pooled" {
  if (output === clip.TextOutput.TOKENS) return "tokens";
  if (output === clip.TextOutput.POOLED) return "pooled";
  throw new MoodError("INVALID_ARGUMENT", "OUTPUT_UNKNOWN", "output must be TEXT_OUTPUT_TOKENS or TEXT_OUTPUT_POOLED");
}

function encodeTexts(encoder: TextEncoder, tokens: Tokens[], signal: AbortSignal) {
  const length = encoder.paddedLength(tokens);
  return Promise.all(tokens.map((item) => encoder.encode(item, length, signal)));
}

/** Decodes the pictures of a request one after another, which with the turns in `decoding` bounds memory, while the encoder collects them into batches. */
async function encodePictures(
  { encoder, decoding }: { encoder: ImageEncoder; decoding: BoundedQueue },
  images: common.Image[],
  signal: AbortSignal,
): Promise<TypedTensor<"float32">[]> {
  const pending: Promise<TypedTensor<"float32">>[] = [];
  try {
    for (const image of images) {
      const { data, mediaType } = image;
      const prepare = async () => encoder.prepare(await decodeImage(data, { mediaType, signal }));
      const embedding = encoder.encode(await decoding.run(prepare, { signal }), signal);
      // Awaited below; a failure while later pictures are still being decoded must not count as unheard.
      embedding.catch(() => undefined);
      pending.push(embedding);
    }
    return await Promise.all(pending);
  } finally {
    await Promise.allSettled(pending);
  }
}
