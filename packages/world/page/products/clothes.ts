import { Vector3 } from "three";
import { type Kit } from "../kit.ts";
import { lathe, profileThrough, tube } from "../shapes.ts";
import { SHOULDER } from "./garment.ts";
import { GARMENTS } from "./garments.ts";
import type { Frame } from "./frame.ts";

/** Garments hang on a dress form or a hanger, shoulders at 2.3. */
export function buildClothes(kit: Kit): Frame {
  const family = kit.identity.family;
  (GARMENTS[family] ?? GARMENTS["dress"]!)(kit);
  const low = family === "skirt" || family === "trousers";
  if (kit.identity.stand === "hanger") {
    const y = low ? 2.14 : SHOULDER + 0.02;
    kit.support(
      "standWood",
      tube(
        [
          new Vector3(-0.55, y - 0.13, 0),
          new Vector3(-0.3, y + 0.02, 0),
          new Vector3(0, y + 0.1, 0),
          new Vector3(0.3, y + 0.02, 0),
          new Vector3(0.55, y - 0.13, 0),
        ],
        0.045,
      ),
    );
    kit.support(
      "standMetal",
      tube(
        [
          new Vector3(0, y + 0.08, 0),
          new Vector3(0, y + 0.32, 0),
          new Vector3(0.1, y + 0.42, 0),
          new Vector3(0.16, y + 0.33, 0),
          new Vector3(0.12, y + 0.26, 0),
        ],
        0.018,
      ),
    );
    kit.support(
      "standMetal",
      tube([new Vector3(-1.9, y + 0.42, 0), new Vector3(0, y + 0.42, 0), new Vector3(1.9, y + 0.42, 0)], 0.032),
    );
    for (const x of [-1.9, 1.9])
      kit.support(
        "standMetal",
        tube([new Vector3(x, 0, 0), new Vector3(x, 1.2, 0), new Vector3(x, y + 0.44, 0)], 0.032),
      );
  } else {
    kit.support(
      "stand",
      lathe(
        profileThrough([
          [0.2, 1.5],
          [0.2, 1.9],
          [0.2, 2.2],
          [0.16, 2.36],
          [0.16, 2.5],
          [0.16, 2.72],
          [0.1, 2.78],
          [0, 2.8],
        ]),
        { columns: 25, depth: 0.8 },
      ),
    );
    if (low)
      kit.support(
        "stand",
        lathe(
          profileThrough([
            [0.3, 2.06],
            [0.38, 2.2],
            [0.42, 2.32],
            [0, 2.36],
          ]),
          { columns: 25, depth: 0.72 },
        ),
      );
    kit.support(
      "standWood",
      lathe((v) => [0.045, v * 1.7], { rows: 2 }),
    );
    kit.support(
      "standWood",
      lathe(
        profileThrough([
          [0.5, 0],
          [0.48, 0.05],
          [0.2, 0.1],
          [0.06, 0.2],
        ]),
        { columns: 26, rows: 12 },
      ),
    );
  }
  return { fixed: low ? 2.1 : SHOULDER, free: 0.5, strength: 0.5, roughness: 0.75 };
}
