import { renderFace } from "./faces/face-render.ts";
import { renderParametric } from "./faces/parametric/render.ts";
import type { Rendered } from "./rendered.ts";
import type { AnyFaceScene } from "./scene.ts";
import { WorldError } from "./world-error.ts";

/**
 * Draws a face at `size` x `size` pixels (16..2048), with the exact visible pixels of each part (occlusion kept).
 * Products and places need a browser: see `openRenderer`.
 */
export function render(scene: AnyFaceScene, size: number): Rendered {
  checkSize(size);
  return scene.kind === "drawn" ? renderFace(scene, size) : renderParametric(scene, size);
}

/** Throws {@link WorldError} (SIZE_OUT_OF_RANGE). */
export function checkSize(size: number): void {
  if (!Number.isInteger(size) || size < 16 || size > 2048) {
    throw new WorldError("SIZE_OUT_OF_RANGE", `size must be a whole number of pixels in 16..2048, not ${size}`);
  }
}
