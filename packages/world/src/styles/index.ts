import { WorldError } from "../world-error.ts";
import { avataaars } from "./avataaars.ts";
import { bigSmile } from "./big-smile.ts";
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
export const HELD_OUT: readonly FaceStyle[] = [];

/** A style by name. Throws {@link WorldError} with the known names. */
export function findStyle(name: string): FaceStyle {
  const style = [...TRAINING_STYLES.map(([known]) => known), ...HELD_OUT].find((known) => known.name === name);
  if (style === undefined) {
    const names = [...TRAINING_STYLES.map(([known]) => known), ...HELD_OUT].map((known) => known.name);
    throw new WorldError("STYLE_UNKNOWN", `style "${name}" is unknown; the styles are ${names.join(", ")}`);
  }
  return style;
}
