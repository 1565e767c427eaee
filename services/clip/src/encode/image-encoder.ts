import { resizePicture, toTensor, type Manifest, type Model, type Session } from "@moodifier/inference";
import { asFloat32, concatRows, zeros, type Raster, type TypedTensor } from "@moodifier/tensor";
import { Batcher } from "./batcher.ts";
import { cropCentre } from "./centre-crop.ts";
import { takeRow, type EncoderLimits } from "./text-encoder.ts";

type PixelInput = NonNullable<Manifest["image"]["clip"]>;
type Pixels = TypedTensor<"float32">;

/** The vision tower of a CLIP model, batched over requests. */
export class ImageEncoder {
  readonly #input: PixelInput;
  readonly #batcher: Batcher<Pixels, Pixels>;

  /** Opens `image_encoder`. Throws TypeError when the manifest does not say how pixels are normalised. */
  static async open(model: Model, limits: EncoderLimits): Promise<ImageEncoder> {
    const input = model.manifest.image.clip;
    if (!input) throw new TypeError(`the manifest of model ${model.manifest.id} lacks image.clip`);
    return new ImageEncoder(await model.session("image_encoder"), input, limits);
  }

  private constructor(session: Session, input: PixelInput, limits: EncoderLimits) {
    this.#input = input;
    this.#batcher = new Batcher({
      name: "image",
      onDispatch: (size, reason) => limits.onBatch?.("image", size, reason),
      maxBatch: limits.maxBatch,
      maxDelayMs: limits.maxDelayMs,
      run: async (items, signal) => {
        const { image_embeds } = await session.run(
          { pixel_values: concatRows(items) },
          { signal, outputs: ["image_embeds"] },
        );
        const embeds = asFloat32(image_embeds, "image_embeds");
        return items.map((_, row) => takeRow(embeds, row));
      },
    });
  }

  /** A picture as the tower's input, f32 [1,3,size,size]: its centre square, resized, as CLIP does. */
  async prepare(picture: Raster): Promise<Pixels> {
    const { size, mean, std } = this.#input;
    return toTensor(await resizePicture(cropCentre(picture), size, size), { mean, std });
  }

  /** The L2-normalised embedding of a prepared picture, f32 [embedding]. */
  encode(pixels: Pixels, signal?: AbortSignal): Promise<Pixels> {
    return this.#batcher.submit(pixels, signal);
  }

  /** Runs the tower once, so that the first request does not pay for its first run. */
  async warm(): Promise<void> {
    const { size } = this.#input;
    await this.#batcher.submit(zeros("float32", [1, 3, size, size]));
  }

  /** Runs what waits and refuses more. */
  close(): void {
    this.#batcher.close();
  }
}
