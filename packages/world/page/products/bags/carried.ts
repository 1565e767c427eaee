import { Vector3 } from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { place } from "../../kit.ts";
import { mapFromFront, noise, pillow, surface, tube } from "../../shapes.ts";
import { clasp, flap, frontAnchors, seam, strap } from "./fittings.ts";
import type { Family } from "./family.ts";

/** Bags for the way: worn on the back or carried by hoops. */
export const CARRIED: Readonly<Record<string, Family>> = {
  backpack(kit, W, H, D) {
    const h = H * 1.3;
    const w = W * 0.78;
    kit.add("body", "bag", pillow(w, h, D * 1.2, 4.2), place(0, h / 2, 0));
    kit.add("body", "bag", pillow(w * 0.72, h * 0.42, D * 0.7, 4), place(0, h * 0.28, D * 0.42));
    kit.add(
      "accent",
      "trim",
      tube(
        Array.from({ length: 24 }, (_, i) => {
          const a = -0.6 + (i / 23) * 4.34;
          return new Vector3(Math.cos(a) * w * 0.47, h * 0.62 + Math.sin(a) * h * 0.3, D * 0.3);
        }),
        0.022,
        { rows: 39 },
      ),
    );
    flap(kit, w * 0.86, h * 0.97, D * 0.36, h * 0.36, 0.12);
    clasp(kit, h * 0.6, D * 0.5);
    strap(kit, 0.16, h * 0.97, -D * 0.2, 0.2, 0.035);
    for (const x of [-1, 1])
      kit.add(
        "accent",
        "handle",
        tube(
          [
            new Vector3(x * w * 0.3, h * 0.95, -D * 0.5),
            new Vector3(x * w * 0.56, h * 0.7, -D * 0.55),
            new Vector3(x * w * 0.58, h * 0.3, -D * 0.45),
            new Vector3(x * w * 0.42, 0.08, -D * 0.4),
          ],
          0.06,
          { flat: 0.4 },
        ),
      );
    frontAnchors(kit, w, h * 0.36, D * 0.78, 5);
    return { fixed: 0, free: h };
  },
  duffel(kit, W, H, D) {
    const R = H * 0.42;
    void D;
    const body = surface(
      30,
      22,
      (u, v) => {
        const a = u * Math.PI * 2;
        const end = 1 - 0.2 * Math.abs(v - 0.5) ** 4 * 16;
        const sag = 1 + 0.04 * (noise(u * 8, v * 6, 11) - 0.5);
        return [
          (v - 0.5) * W * 1.12,
          R + Math.cos(a) * R * end * sag * (Math.cos(a) < 0 ? 0.94 : 1),
          Math.sin(a) * R * end * sag,
        ];
      },
      { closed: true, inside: "hidden" },
    );
    kit.add("body", "bag", mapFromFront(body, W * 1.12, R * 2));
    for (const side of [-1, 1]) {
      kit.add(
        "accent",
        "trim",
        surface(
          36,
          6,
          (u, v) => [
            side * W * 0.56,
            R + Math.cos(u * 6.283) * R * 0.8 * (1 - v),
            Math.sin(u * 6.283) * R * 0.8 * (1 - v),
          ],
          { closed: true, flip: side < 0 },
        ),
      );
      const x = side * W * 0.26;
      const hoop = Array.from(
        { length: 16 },
        (_, i) =>
          new Vector3(
            x,
            R + Math.cos((i / 15) * 3.4 - 0.2) * (R + 0.015),
            Math.sin((i / 15) * 3.4 - 0.2) * (R + 0.015),
          ),
      );
      kit.add("accent", "handle", tube(hoop, 0.05, { flat: 0.25 }));
    }
    for (const z of [0.28, -0.28]) strap(kit, W * 0.26, R * 1.88, z, kit.shape(3, 0.35, 0.6), 0.045);
    seam(kit, [new Vector3(-W * 0.42, R * 2.01, 0), new Vector3(0, R * 2.02, 0), new Vector3(W * 0.42, R * 2.01, 0)]);
    kit.add(
      "metal",
      "clasp",
      new RoundedBoxGeometry(0.05, 0.12, 0.03, 2, 0.01),
      place(W * 0.38, R * 1.98, 0.06, [0.9, 0, 0]),
    );
    frontAnchors(kit, W * 0.9, R * 0.85, R * 0.99);
    return { fixed: 0, free: R * 2 };
  },
};
