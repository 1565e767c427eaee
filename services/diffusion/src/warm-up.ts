import type { Model } from "@moodifier/inference";
import { int64, tensor, zeros } from "@moodifier/tensor";

/** Side of the latent that warms up: the smallest that every denoiser takes. */
const SIDE = 8;

/** Runs every graph of an edit once on zeros, so that the first request does not pay for first runs, and so that a graph that cannot run is found now. */
export async function warmUp(model: Model): Promise<void> {
  const { latent, text, denoiser } = model.manifest;
  const [encoder, unet, decoder] = await Promise.all(
    ["vae_encoder", "denoiser", "vae_decoder"].map((role) => model.session(role)),
  );
  const pixels = SIDE * latent.factor;
  await encoder!.run({ pixel_values: zeros("float32", [1, 3, pixels, pixels]) });
  const length = Math.min(text.lengthMultiple, text.maxLength);
  const row = int64([1], [0]);
  const every = int64(
    [denoiser.layers, 1],
    Array.from({ length: denoiser.layers }, () => 0),
  );
  const sample = zeros("float32", [1, latent.channels, SIDE, SIDE]);
  await unet!.run({
    sample,
    timestep: int64([1], [1]),
    text: zeros("float32", [1, length, text.width]),
    self_q: every,
    self_k: every,
    self_v: every,
    cross_source: row,
    cross_map: zeros("float32", [1, length, length]),
    cross_keep: zeros("float32", [1, length]),
    cross_gate: tensor("float32", [1], new Float32Array(1)),
    region: zeros("float32", [1, 1, SIDE, SIDE]),
    feature_source: row,
  });
  await decoder!.run({ latent: sample });
}
