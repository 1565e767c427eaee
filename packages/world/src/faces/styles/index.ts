import { WorldError } from "../../world-error.ts";
import { adventurer } from "./adventurer.ts";
import { avataaars } from "./avataaars.ts";
import { bigSmile } from "./big-smile.ts";
import { lorelei } from "./lorelei.ts";
import { micah } from "./micah.ts";
import { openPeeps } from "./open-peeps.ts";
import { personas } from "./personas.ts";
import type { FaceStyle } from "./style.ts";
import { toonHead } from "./toon-head.ts";

/** The styles that training may see, with the share of scenes drawn in each. */
export const TRAINING_STYLES: readonly (readonly [FaceStyle, number])[] = [
  [avataaars, 0.25],
  [toonHead, 0.25],
  [openPeeps, 0.125],
  [bigSmile, 0.125],
  [micah, 0.125],
  [personas, 0.125],
];

/** The styles kept away from training, for tests of how far a model reaches. */
export const HELD_OUT_STYLES: readonly FaceStyle[] = [adventurer, lorelei];

/** Every style: those of training, then those held out. */
export const STYLES: readonly FaceStyle[] = [...TRAINING_STYLES.map(([style]) => style), ...HELD_OUT_STYLES];

/** A style by name. Throws {@link WorldError} with the known names. */
export function findStyle(name: string): FaceStyle {
  const style = STYLES.find((known) => known.name === name);
  if (style === undefined) {
    const names = STYLES.map((known) => known.name).join(", ");
    throw new WorldError("STYLE_UNKNOWN", `style "${name}" is unknown; the styles are ${names}`);
  }
  return style;
}
