/** The clean latent that a noisy one stands for: x̂0 = (x - √(1-ᾱ) ε) / √ᾱ (Song et al. 2021, Eq. 12), cut to ±`limit`. All arrays have one length. */
export function cleanOf(latent: Float32Array, noise: Float32Array, alpha: number, limit: number): Float32Array {
  const [signal, spread] = [Math.sqrt(alpha), Math.sqrt(1 - alpha)];
  return latent.map((value, i) => Math.min(limit, Math.max(-limit, (value - spread * noise[i]!) / signal)));
}
