import type { TypedTensor } from "@moodifier/tensor";
import { dot } from "../retrieve/similarity.ts";
import { softmax } from "./softmax.ts";

/** One emotion and its probability among all that were asked for, 0..1. */
export type EmotionProbability = { emotion: string; probability: number };

/**
 * Zero-shot emotion scores: softmax over emotions of logitScale x cosine(picture, sentence of the emotion). The sentences are encoded
 * once, by `create`.
 */
export class EmotionScorer {
  readonly #emotions: readonly string[];
  readonly #sentences: readonly TypedTensor<"float32">[];
  readonly #logitScale: number;

  private constructor(emotions: readonly string[], sentences: TypedTensor<"float32">[], logitScale: number) {
    this.#emotions = emotions;
    this.#sentences = sentences;
    this.#logitScale = logitScale;
  }

  /**
   * @param template sentence in which `{emotion}` is replaced.
   * @param logitScale what cosines are multiplied by, the exponential of CLIP's learned temperature.
   * @param encode gives the normalised embedding of each sentence.
   */
  static async create(
    emotions: readonly string[],
    template: string,
    logitScale: number,
    encode: (sentences: string[]) => Promise<TypedTensor<"float32">[]>,
  ): Promise<EmotionScorer> {
    const sentences = emotions.map((emotion) => template.replaceAll("{emotion}", emotion));
    return new EmotionScorer(emotions, await encode(sentences), logitScale);
  }

  /** Scores of a normalised picture embedding, most probable first; equals in the order of the emotions. */
  score(picture: TypedTensor<"float32">): EmotionProbability[] {
    const probabilities = softmax(this.#sentences.map((sentence) => this.#logitScale * dot(picture, sentence)));
    return this.#emotions
      .map((emotion, index) => ({ emotion, probability: probabilities[index] ?? 0 }))
      .sort((a, b) => b.probability - a.probability);
  }
}
