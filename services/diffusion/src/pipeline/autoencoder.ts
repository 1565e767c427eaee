import { fromTensor, resizePicture, toTensor, type Model, type Picture } from "@moodifier/inference";
import { asFloat32, tensor, type Raster, type Size } from "@moodifier/tensor";

/** A latent `[channels, height, width]`, scaled as the denoiser expects it. */
export interface Latent extends Size {
  readonly channels: number;
  readonly data: Float32Array;
}

/** Resizes the picture to `size` and encodes it: the posterior mean, (latent - shift) x scale. */
export async function encodeLatent(model: Model, picture: Raster, size: Size, signal?: AbortSignal): Promise<Latent> {
  const { scalingFactor, shiftFactor } = model.manifest.latent;
  const fitted = await resizePicture(picture, size.width, size.height);
  const encoder = await model.session("vae_encoder");
  const run = await encoder.run({ pixel_values: toTensor(fitted, "signed") }, { signal });
  const { dims, data } = asFloat32(run.latent, "latent");
  const [, channels = 0, height = 0, width = 0] = dims;
  return { channels, height, width, data: data.map((value) => (value - shiftFactor) * scalingFactor) };
}

/** Decodes a scaled latent to an RGB picture of the working size. */
export async function decodeLatent(model: Model, latent: Latent, signal?: AbortSignal): Promise<Picture> {
  const { scalingFactor, shiftFactor } = model.manifest.latent;
  const values = latent.data.map((value) => value / scalingFactor + shiftFactor);
  const decoder = await model.session("vae_decoder");
  const feed = tensor("float32", [1, latent.channels, latent.height, latent.width], values);
  const run = await decoder.run({ latent: feed }, { signal });
  return fromTensor(asFloat32(run.pixel_values, "pixel_values"));
}
