import type { Kit } from "../kit.ts";
import { CARRIED } from "./bags/carried.ts";
import type { Family } from "./bags/family.ts";
import { SOFT } from "./bags/soft.ts";
import { STIFF } from "./bags/stiff.ts";
import type { Frame } from "./frame.ts";

/** One builder per family of the catalogue. */
const FAMILIES: Readonly<Record<string, Family>> = { ...SOFT, ...STIFF, ...CARRIED };

/** Bags stand on the floor, about 1.8 wide. */
export function buildBag(kit: Kit): Frame {
  const W = kit.shape(0, 1.45, 2);
  const H = kit.shape(1, 1.05, 1.5);
  const D = kit.shape(2, 0.42, 0.72);
  const frame = (FAMILIES[kit.identity.family] ?? FAMILIES["satchel"]!)(kit, W, H, D);
  return { ...frame, strength: 0.62, roughness: 0.7 };
}
