import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { place } from "../../kit.ts";
import { mapFromFront, mix } from "../../shapes.ts";
import { clasp, closeTop, flap, frontAnchors, softBody, strap } from "./fittings.ts";
import type { Family } from "./family.ts";

/** Bags that keep their shape. */
export const STIFF: Readonly<Record<string, Family>> = {
  satchel(kit, W, H, D) {
    kit.add(
      "body",
      "bag",
      softBody(
        H,
        (v) => (W / 2) * mix(1, 0.94, v),
        (v) => (D / 2) * mix(1.05, 0.9, v),
        5,
        8,
      ),
    );
    closeTop(kit, H, (W / 2) * 0.94, (D / 2) * 0.9, 8);
    flap(kit, W * 0.93, H, D / 2, H * kit.shape(3, 0.45, 0.68), 0);
    strap(kit, W * 0.2, H + 0.05, 0, kit.shape(4, 0.26, 0.45), 0.05);
    clasp(kit, H * 0.42, D / 2 + 0.03);
    for (const x of [-1, 1])
      kit.add(
        "accent",
        "trim",
        new RoundedBoxGeometry(0.13, H * 0.62, 0.03, 2, 0.012),
        place(x * W * 0.28, H * 0.66, D / 2 + 0.05),
      );
    frontAnchors(kit, W, H * 0.22, D / 2 + 0.02);
    return { fixed: 0, free: H + 0.3 };
  },
  clutch(kit, W, H, D) {
    const h = H * 0.78;
    kit.add(
      "body",
      "bag",
      softBody(
        h,
        () => W / 2,
        (v) => (D / 3.4) * (0.75 + 0.25 * Math.sin(v * Math.PI)),
        7,
        7,
      ),
    );
    closeTop(kit, h, W / 2, (D / 3.4) * 0.75, 7);
    flap(kit, W * 0.985, h, (D / 3.4) * 0.98, h * kit.shape(3, 0.55, 0.75), kit.shape(4, 0.3, 0.85));
    clasp(kit, h * 0.42, D / 3.4 + 0.03, 0.8);
    if (kit.identity.shape[5]! > 0.4) strap(kit, W * 0.48, h * 0.95, 0, 0.75, 0.02);
    frontAnchors(kit, W, h * 0.16, D / 3.4 + 0.01);
    return { fixed: 0, free: h };
  },
  box(kit, W, H, D) {
    const h = H * 0.9;
    kit.add(
      "body",
      "bag",
      mapFromFront(new RoundedBoxGeometry(W * 0.86, h, D * 1.1, 4, 0.07).toNonIndexed(), W * 0.86, h),
      place(0, h / 2, 0),
    );
    for (const y of [0.04, h - 0.04, h * 0.7])
      kit.add("metal", "trim", new RoundedBoxGeometry(W * 0.88, 0.045, D * 1.13, 2, 0.02), place(0, y, 0));
    clasp(kit, h * 0.7, D * 0.57, 1.1);
    strap(kit, W * 0.2, h + 0.01, 0, kit.shape(3, 0.3, 0.5), 0.04);
    for (const x of [-1, 1])
      for (const y of [0.08, h - 0.08])
        kit.add("metal", "clasp", new RoundedBoxGeometry(0.14, 0.14, D * 1.14, 2, 0.03), place(x * W * 0.385, y, 0));
    frontAnchors(kit, W * 0.8, h * 0.3, D * 0.56);
    return { fixed: 0, free: h + 0.2 };
  },
};
