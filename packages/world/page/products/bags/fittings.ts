import { BoxGeometry, type BufferGeometry, CylinderGeometry, Vector3 } from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { place, type Kit } from "../../kit.ts";
import { mapFromFront, mix, noise, surface, tube } from "../../shapes.ts";

/** A soft box whose front has the outline half-width(v); rests on y = 0. Slack makes the leather bulge. */
export function softBody(
  H: number,
  half: (v: number) => number,
  depth: (v: number) => number,
  seed: number,
  exponent = 5,
): BufferGeometry {
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / exponent);
  const geometry = surface(
    40,
    16,
    (u, v) => {
      const a = (u - 0.5) * Math.PI * 2;
      const slack = 1 + 0.05 * (noise(u * 7, v * 4, seed) - 0.5);
      return [power(Math.sin(a)) * half(v) * slack, v * H, power(Math.cos(a)) * depth(v) * slack];
    },
    { closed: true, inside: "ends" },
  );
  return mapFromFront(geometry, half(0.5) * 2, H);
}

/** A strap from one point of the top over a bow to another. */
export function strap(kit: Kit, x: number, y: number, z: number, rise: number, thick = 0.045): void {
  const points = [-1, -0.92, -0.5, 0, 0.5, 0.92, 1].map(
    (t) => new Vector3(x * t, y + rise * (1 - Math.abs(t) ** 2.6), z * (1 - 0.3 * (1 - t * t))),
  );
  kit.add("accent", "handle", tube(points, thick, { rows: 31, flat: 0.55 }));
  for (const side of [-1, 1]) {
    kit.add(
      "metal",
      "clasp",
      new CylinderGeometry(0.045, 0.045, 0.03, 13),
      place(side * x, y - 0.02, z + 0.03, [Math.PI / 2, 0, 0]),
    );
  }
}

/** A line of stitches along points. */
export function seam(kit: Kit, points: readonly Vector3[], closed = false): void {
  kit.add("accent", "trim", tube(points, 0.014, { columns: 6, rows: 47, closed }));
}

/** The lid of a soft body. */
export function closeTop(kit: Kit, H: number, half: number, depth: number, exponent = 5): void {
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / exponent);
  const lid = surface(36, 5, (u, v) => {
    const a = (u - 0.5) * Math.PI * 2;
    return [
      power(Math.sin(a)) * half * (1 - v),
      H + 0.05 * Math.sin((v * Math.PI) / 2),
      power(Math.cos(a)) * depth * (1 - v),
    ];
  });
  kit.add("body", "bag", mapFromFront(lid, half * 2, 1));
}

/** Places for ornaments in a row across the front, and one to hang from. */
export function frontAnchors(kit: Kit, W: number, y: number, z: number, count = 9): void {
  for (let i = 0; i < count; i++) {
    const x = ((i + 0.5) / count - 0.5) * W * 0.86;
    kit.anchor(new Vector3(x, y, z), new Vector3(0, 0, 1), 0.2);
  }
  kit.anchor(new Vector3(W * 0.3, y + 0.3, z + 0.03), new Vector3(0, 0, 1), 0.34, true);
}

/** A flap over the top and down the front, straight (`point` 0) or pointed. */
export function flap(kit: Kit, W: number, H: number, D: number, drop: number, point: number): void {
  const geometry = surface(
    28,
    16,
    (u, v) => {
      const x = (u - 0.5) * W;
      const cut =
        drop * (1 - point * Math.abs(u - 0.5) * 2) * (1 - 0.25 * Math.max(0, Math.abs(u - 0.5) * 2 - 0.85) * 6);
      if (v < 0.35) return [x, H + 0.045 - 0.03 * (v / 0.35) ** 2, mix(-D, D, v / 0.35)];
      const t = (v - 0.35) / 0.65;
      return [x, H + 0.015 - t * cut, D + 0.03 + 0.015 * Math.sin(t * Math.PI)];
    },
    { flip: true },
  );
  kit.add("body", "bag", mapFromFront(geometry, W, H));
  const edge = Array.from({ length: 25 }, (_, i) => {
    const u = i / 24;
    const cut = drop * (1 - point * Math.abs(u - 0.5) * 2) * (1 - 0.25 * Math.max(0, Math.abs(u - 0.5) * 2 - 0.85) * 6);
    return new Vector3((u - 0.5) * W, H + 0.015 - cut, D + 0.032);
  });
  seam(kit, edge);
}

/** A turn lock in the middle of the front. */
export function clasp(kit: Kit, y: number, z: number, size = 1): void {
  kit.add("metal", "clasp", new RoundedBoxGeometry(0.22 * size, 0.15 * size, 0.06, 3, 0.025), place(0, y, z + 0.02));
  kit.add("dark", "clasp", new BoxGeometry(0.07 * size, 0.025, 0.02), place(0, y, z + 0.055));
}
