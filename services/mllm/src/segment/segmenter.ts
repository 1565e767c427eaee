import { resizePicture, toTensor, type Model, type Picture, type Session } from "@moodifier/inference";
import {
  asFloat32,
  createMask,
  fromBox,
  int64,
  tensor,
  type Box,
  type Mask,
  type TypedTensor,
} from "@moodifier/tensor";

/** What to draw. At least one field is set; coordinates are fractions of the view. */
export type PartPrompt = {
  box?: Box | undefined;
  points?: { x: number; y: number }[] | undefined;
  label?: string | undefined;
};

/** Draws the mask of one part of a picture. */
export interface Segmenter {
  /** Names of the parts it knows, without the empty one. */
  readonly labels: readonly string[];
  /**
   * Probability 0..1 that a pixel belongs to the part, at the model's own size.
   * @param view square, opaque picture.
   * @throws RangeError for an unknown label; the signal's reason when aborted.
   */
  draw(view: Picture, prompts: PartPrompt[], signal?: AbortSignal): Promise<Mask[]>;
}

/** Standard deviation of a point in the prompt, pixels of the model's input. */
const POINT_SIGMA = 2;

/** Opens the promptable segmenter of a model family. Throws TypeError when the manifest describes none. */
export async function openSegmenter(model: Model): Promise<Segmenter> {
  const settings = model.manifest.image.segmenter;
  if (!settings || !model.manifest.graphs["segmenter"]) {
    throw new TypeError(`the manifest of model ${model.manifest.id} describes no segmenter`);
  }
  return new OnnxSegmenter(await model.session("segmenter"), settings.size, settings.labels);
}

class OnnxSegmenter implements Segmenter {
  readonly labels: readonly string[];
  readonly #session: Session;
  readonly #size: number;
  readonly #names: readonly string[];

  constructor(session: Session, size: number, names: readonly string[]) {
    this.#session = session;
    this.#size = size;
    this.#names = names;
    // Id 0 means "no name given".
    this.labels = names.slice(1);
  }

  async draw(view: Picture, prompts: PartPrompt[], signal?: AbortSignal): Promise<Mask[]> {
    const pixels = toTensor(await resizePicture(view, this.#size, this.#size), "signed");
    const masks: Mask[] = [];
    for (const prompt of prompts) {
      const feeds = {
        pixel_values: pixels,
        prompt: promptTensor(prompt, this.#size),
        label: int64([1], [this.#labelId(prompt.label)]),
      };
      const { logits } = await this.#session.run(feeds, { signal });
      const { data } = asFloat32(logits, "logits");
      masks.push(
        createMask(
          { width: this.#size, height: this.#size },
          data.map((logit) => 1 / (1 + Math.exp(-logit))),
        ),
      );
    }
    return masks;
  }

  #labelId(label: string | undefined): number {
    if (label === undefined) return 0;
    const id = this.#names.indexOf(label);
    if (id < 1) throw new RangeError(`unknown part "${label}", expected ${this.labels.join(", ")}`);
    return id;
  }
}

/** Prompt f32 [1,2,S,S]: the filled box, and a Gaussian at each point (largest of them). */
export function promptTensor({ box, points = [] }: PartPrompt, size: number): TypedTensor<"float32"> {
  const data = new Float32Array(2 * size * size);
  if (box) data.set(fromBox(box, { width: size, height: size }).data);
  const heat = data.subarray(size * size);
  for (const point of points) {
    for (let at = 0; at < heat.length; at++) {
      const dx = (at % size) + 0.5 - point.x * size;
      const dy = Math.floor(at / size) + 0.5 - point.y * size;
      heat[at] = Math.max(heat[at] ?? 0, Math.exp(-(dx * dx + dy * dy) / (2 * POINT_SIGMA * POINT_SIGMA)));
    }
  }
  return tensor("float32", [1, 2, size, size], data);
}
