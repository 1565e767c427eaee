import { setImmediate as yieldTurn } from "node:timers/promises";
import type { Raster } from "@moodifier/tensor";
import { convertToProfile } from "./colour-profile.ts";
import type { DeepPicture } from "./deep-picture.ts";

/** Pixels that are merged before other work gets a turn. */
const PIXELS_A_TURN = 2_000_000;
/** A colour that moved this far (of 255) keeps nothing of what 8-bit sRGB could not say about the source. */
const RESIDUAL_REACH = 16;

/**
 * Puts an edit that was made in 8-bit sRGB into the source's own samples. Where `edited` equals `before` (the source as the editor saw
 * it) the result **is** the source's sample, 16 bits and wide colours included. Elsewhere the edited colour is brought to the source's
 * profile and depth; near the source's colour it keeps the source's residual (what 8-bit sRGB could not hold), so that no edge shows
 * where the edit fades out. Alpha is always the source's. All three have one size.
 */
export async function mergeEdit(
  source: DeepPicture,
  before: Raster,
  edited: Raster,
  signal?: AbortSignal,
): Promise<DeepPicture> {
  const { width, height, profile } = source;
  for (const { name, picture } of [
    { name: "before", picture: before },
    { name: "edited", picture: edited },
  ]) {
    if (picture.width !== width || picture.height !== height) {
      throw new RangeError(
        `${name}: expected ${width}x${height} as the source, got ${picture.width}x${picture.height}`,
      );
    }
  }
  const from = { ...before, own: profile ? await convertToProfile(before, profile) : before.data };
  const to = { ...edited, own: profile ? await convertToProfile(edited, profile) : edited.data };
  const data = source.data.slice();
  for (let start = 0; start < width * height; start += PIXELS_A_TURN) {
    signal?.throwIfAborted();
    mergeRun(data, source, { from, to }, [start, Math.min(width * height, start + PIXELS_A_TURN)]);
    await yieldTurn();
  }
  return { ...source, data };
}

interface Seen extends Raster {
  /** The same pixels in the source's profile. */
  readonly own: Uint8Array;
}

function mergeRun(
  data: Uint8Array | Uint16Array,
  { channels, depth }: DeepPicture,
  { from, to }: { from: Seen; to: Seen },
  [start, end]: readonly [number, number],
): void {
  const largest = depth === 16 ? 65_535 : 255;
  const scale = largest / 255;
  for (let pixel = start; pixel < end; pixel++) {
    const [a, b, at] = [pixel * from.channels, pixel * to.channels, pixel * channels];
    let moved = 0;
    for (let c = 0; c < 3; c++) moved = Math.max(moved, Math.abs(to.data[b + c]! - from.data[a + c]!));
    if (moved === 0) continue;
    const share = Math.max(0, 1 - moved / RESIDUAL_REACH);
    for (let c = 0; c < 3; c++) {
      const residual = data[at + c]! - from.own[a + c]! * scale;
      const value = to.own[b + c]! * scale + share * residual;
      data[at + c] = Math.min(largest, Math.max(0, Math.round(value)));
    }
  }
}
