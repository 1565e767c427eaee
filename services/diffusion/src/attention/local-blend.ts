import { createMask, dilate, resizeMask, threshold, type Mask, type Size } from "@moodifier/tensor";
import { findSwaps, type Alignment } from "./align.ts";

/** A row's own cross-attention weights `[pixels, length]`, averaged over heads and layers. */
export interface AttentionMap {
  readonly data: Float32Array;
  /** Tokens with padding: the row stride of `data`. */
  readonly length: number;
}

/** Share of the strongest heat above which a cell belongs to the edit; the value of prompt-to-prompt. */
const HEAT_LEVEL = 0.3;

/** Tokens of one text whose attention shows where the edit is. */
export interface BlendTokens {
  readonly source: readonly number[];
  readonly target: readonly number[];
}

/**
 * The tokens to watch: in the target those of the blend words, or without any every new token; in the source those that the target
 * tokens are aligned with or have taken the place of.
 */
export function chooseBlendTokens(alignment: Alignment, sourceLength: number, words: readonly number[]): BlendTokens {
  const changed = [...alignment.keys()].filter((j) => alignment[j]! < 0);
  const target = words.length > 0 ? words : changed;
  const source = new Set(target.map((j) => alignment[j] ?? -1).filter((i) => i >= 0));
  for (const { sourceStart, sourceEnd, targetStart, targetEnd } of findSwaps(alignment, sourceLength)) {
    if (target.some((j) => j >= targetStart && j < targetEnd)) {
      for (let i = sourceStart; i < sourceEnd; i++) {
        source.add(i);
      }
    }
  }
  return { source: [...source].sort((a, b) => a - b), target };
}

/**
 * The local blend of prompt-to-prompt (Hertz et al. 2022): the heat of the chosen tokens, summed over the steps so far, grown by one
 * cell, resampled to the latent, divided by its maximum and cut at 0.3; the masks of source and target are united.
 */
export class LocalBlend {
  readonly #latent: Size;
  readonly #tokens: BlendTokens;
  #heat: { source: Float32Array; target: Float32Array } | undefined;

  /** `latent`: size of the latent in cells. */
  constructor(latent: Size, tokens: BlendTokens) {
    this.#latent = latent;
    this.#tokens = tokens;
  }

  /** Adds the maps of one step. */
  add(source: AttentionMap, target: AttentionMap): void {
    const pixels = target.data.length / target.length;
    this.#heat ??= { source: new Float32Array(pixels), target: new Float32Array(pixels) };
    addHeat(this.#heat.source, source, this.#tokens.source);
    addHeat(this.#heat.target, target, this.#tokens.target);
  }

  /** The mask from all maps so far, latent size, values 0 and 1; undefined before the first step. Never empty. */
  mask(): Mask | undefined {
    if (!this.#heat) {
      return undefined;
    }
    const { source, target } = this.#heat;
    const masks = [source, target].map((heat) => cutHeat(heat, this.#latent));
    return createMask(
      this.#latent,
      masks[0]!.map((value, i) => Math.max(value, masks[1]![i]!)),
    );
  }
}

/** The size of a map of `pixels` cells: the latent's, halved and rounded up as often as the denoiser did. Throws RangeError when none fits. */
export function mapSize(latent: Size, pixels: number): Size {
  for (let size = latent; ; size = { width: Math.ceil(size.width / 2), height: Math.ceil(size.height / 2) }) {
    if (size.width * size.height === pixels) {
      return size;
    }
    if (size.width * size.height < pixels || (size.width === 1 && size.height === 1)) {
      throw new RangeError(`no halving of ${latent.width}x${latent.height} has ${pixels} cells`);
    }
  }
}

function addHeat(heat: Float32Array, map: AttentionMap, tokens: readonly number[]): void {
  for (let pixel = 0; pixel < heat.length; pixel++) {
    for (const token of tokens) {
      heat[pixel]! += map.data[pixel * map.length + token]!;
    }
  }
}

function cutHeat(heat: Float32Array, latent: Size): Float32Array {
  const grown = dilate(createMask(mapSize(latent, heat.length), heat), 1);
  const full = resizeMask(grown, latent);
  const peak = full.data.reduce((most, value) => Math.max(most, value), 0);
  return peak > 0 ? threshold(full, HEAT_LEVEL * peak).data : new Float32Array(full.data.length);
}
