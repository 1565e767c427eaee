import { Vector3 } from "three";
import { place } from "../../kit.ts";
import { lathe, mapFromFront, mix, noise, surface, tube } from "../../shapes.ts";
import { frontAnchors, seam, softBody, strap } from "./fittings.ts";
import type { Family } from "./family.ts";

/** Bags that give: their leather hangs and bulges. */
export const SOFT: Readonly<Record<string, Family>> = {
  tote(kit, W, H, D) {
    const half = (v: number): number => (W / 2) * mix(0.86, 1.02, v);
    const depth = (v: number): number => (D / 2) * mix(1, 0.62, v * v);
    kit.add("body", "bag", softBody(H * 1.1, half, depth, 3, 6));
    kit.add(
      "body",
      "bag",
      mapFromFront(
        surface(
          40,
          6,
          (u, v) => {
            const a = (u - 0.5) * Math.PI * 2;
            const p = (x: number): number => Math.sign(x) * Math.abs(x) ** (1 / 3);
            return [p(Math.sin(a)) * half(1) * 0.98, H * 1.1 - v * 0.35, p(Math.cos(a)) * depth(1) * 0.95];
          },
          { closed: true, flip: true },
        ),
        W,
        H,
      ),
    );
    strap(kit, W * 0.24, H * 1.08, depth(1) + 0.015, kit.shape(3, 0.45, 0.75));
    strap(kit, W * 0.24, H * 1.08, -depth(1) - 0.015, kit.shape(3, 0.45, 0.75));
    seam(
      kit,
      Array.from(
        { length: 20 },
        (_, i) => new Vector3((i / 19 - 0.5) * 2 * half(0.94) * 0.9, H * 1.03, depth(0.94) + 0.012),
      ),
    );
    frontAnchors(kit, W, H * 0.3, depth(0.3) + 0.02);
    return { fixed: 0, free: H * 1.1 };
  },
  bucket(kit, W, H, D) {
    const R = W * 0.38;
    void D;
    kit.add(
      "body",
      "bag",
      lathe((v) => [R * mix(0.95, 1.04, v) * (v > 0.85 ? 1 - (v - 0.85) * 1.2 : 1), v * H * 1.12], {
        repeat: [2, 1],
        ripple: (a, v) => (v > 0.6 ? 0.05 * (v - 0.6) * 2.5 * Math.sin(a * 11) : 0),
      }),
    );
    kit.add(
      "body",
      "bag",
      lathe((v) => [R * 0.82 * (1 - v * 0.9), H * 1.12 - v * 0.1], { rows: 8 }),
    );
    kit.add(
      "accent",
      "trim",
      lathe((v) => [R * 0.96 + 0.012, 0.02 + v * 0.14], { rows: 4 }),
    );
    const ringPoints = Array.from(
      { length: 24 },
      (_, i) =>
        new Vector3(
          Math.sin((i / 24) * 6.283) * (R * 0.99 + 0.02),
          H * 0.98,
          Math.cos((i / 24) * 6.283) * (R * 0.99 + 0.02),
        ),
    );
    kit.add("accent", "trim", tube(ringPoints, 0.022, { closed: true }));
    strap(kit, R * 0.9, H * 1.02, 0, kit.shape(3, 0.5, 0.9));
    for (const x of [-0.07, 0.07])
      kit.add(
        "accent",
        "trim",
        tube(
          [
            new Vector3(x, H * 0.98, R + 0.02),
            new Vector3(x * 1.6, H * 0.8, R + 0.05),
            new Vector3(x * 1.9, H * 0.62, R + 0.04),
          ],
          0.02,
          { rows: 11 },
        ),
      );
    for (let i = 0; i < 9; i++) {
      const a = (i - 4) * 0.34;
      kit.anchor(
        new Vector3(Math.sin(a) * R * 0.98, H * 0.45, Math.cos(a) * R * 0.98),
        new Vector3(Math.sin(a), 0, Math.cos(a)),
        0.2,
      );
    }
    return { fixed: 0, free: H * 1.12 };
  },
  hobo(kit, W, H, D) {
    const geometry = surface(
      34,
      22,
      (u, v) => {
        const a = (v - 0.5) * Math.PI;
        const t = (u - 0.5) * 2;
        const droop = 0.42 * H * Math.abs(t) ** 2.2;
        const half = H * 0.5 * (1 - 0.55 * Math.abs(t) ** 3) * Math.sqrt(Math.max(0, 1 - t ** 8));
        const thick = (D / 2) * Math.sqrt(Math.max(0, 1 - t ** 4)) * Math.cos(a) ** 0.7;
        const y = H * 0.5 + droop * 0.9 + Math.sin(a) * half;
        return [t * W * 0.52, Math.max(0.005, y), thick * (1 + 0.08 * (noise(u * 9, v * 5, 3) - 0.5))];
      },
      { inside: "hidden" },
    );
    const back = geometry.clone().applyMatrix4(place(0, 0, 0, [0, 0, 0], [1, 1, -1]));
    back.setIndex([...back.index!.array].toReversed());
    back.computeVertexNormals();
    kit.add("body", "bag", mapFromFront(geometry, W, H));
    kit.add("body", "bag", mapFromFront(back, W, H));
    strap(kit, W * 0.46, H * 1.02, 0, kit.shape(3, 0.55, 0.85), 0.065);
    for (const x of [-1, 1])
      kit.add(
        "metal",
        "clasp",
        tube(
          Array.from(
            { length: 14 },
            (_, i) =>
              new Vector3(
                x * W * 0.46 + Math.sin((i / 14) * 6.283) * 0.07,
                H * 1.04 + Math.cos((i / 14) * 6.283) * 0.07,
                0,
              ),
          ),
          0.016,
          { closed: true, rows: 17 },
        ),
      );
    seam(
      kit,
      Array.from({ length: 20 }, (_, i) => {
        const t = (i / 19 - 0.5) * 1.7;
        return new Vector3(
          t * W * 0.52,
          H * 0.93 + 0.36 * H * Math.abs(t) ** 2.2 * 0.9 - 0.25 * H * Math.abs(t) ** 3,
          0.1,
        );
      }),
    );
    frontAnchors(kit, W * 0.7, H * 0.4, D * 0.46, 7);
    return { fixed: 0, free: H };
  },
};
