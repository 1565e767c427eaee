import { BoxGeometry, BufferGeometry, CylinderGeometry, Vector3 } from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { place, type Kit } from "../kit.ts";
import { lathe, mapFromFront, mix, noise, pillow, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

/** Bags stand on the floor, about 1.8 wide. */
export function buildBag(kit: Kit): Frame {
  const W = kit.shape(0, 1.45, 2);
  const H = kit.shape(1, 1.05, 1.5);
  const D = kit.shape(2, 0.42, 0.72);
  const frame = (FAMILIES[kit.identity.family] ?? FAMILIES["satchel"]!)(kit, W, H, D);
  return { ...frame, strength: 0.62, roughness: 0.7 };
}

type Family = (kit: Kit, W: number, H: number, D: number) => Frame;

/** A soft box whose front has the outline half-width(v); rests on y = 0. Slack makes the leather bulge. */
function softBody(
  H: number,
  half: (v: number) => number,
  depth: (v: number) => number,
  seed: number,
  exponent = 5,
): BufferGeometry {
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / exponent);
  const geometry = surface(
    64,
    32,
    (u, v) => {
      const a = (u - 0.5) * Math.PI * 2;
      const slack = 1 + 0.05 * (noise(u * 7, v * 4, seed) - 0.5);
      return [power(Math.sin(a)) * half(v) * slack, v * H, power(Math.cos(a)) * depth(v) * slack];
    },
    { closed: true },
  );
  return mapFromFront(geometry, half(0.5) * 2, H);
}

/** A strap from one point of the top over a bow to another. */
function strap(kit: Kit, x: number, y: number, z: number, rise: number, thick = 0.045): void {
  const points = [-1, -0.92, -0.5, 0, 0.5, 0.92, 1].map(
    (t) => new Vector3(x * t, y + rise * (1 - Math.abs(t) ** 2.6), z * (1 - 0.3 * (1 - t * t))),
  );
  kit.add("accent", "handle", tube(points, thick, { rows: 48, flat: 0.55 }));
  for (const side of [-1, 1]) {
    kit.add(
      "metal",
      "clasp",
      new CylinderGeometry(0.045, 0.045, 0.03, 18),
      place(side * x, y - 0.02, z + 0.03, [Math.PI / 2, 0, 0]),
    );
  }
}

function seam(kit: Kit, points: readonly Vector3[], closed = false): void {
  kit.add("accent", "trim", tube(points, 0.014, { columns: 6, rows: 72, closed }));
}

function closeTop(kit: Kit, H: number, half: number, depth: number, exponent = 5): void {
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / exponent);
  const lid = surface(48, 6, (u, v) => {
    const a = (u - 0.5) * Math.PI * 2;
    return [
      power(Math.sin(a)) * half * (1 - v),
      H + 0.05 * Math.sin((v * Math.PI) / 2),
      power(Math.cos(a)) * depth * (1 - v),
    ];
  });
  kit.add("body", "bag", mapFromFront(lid, half * 2, 1));
}

function frontAnchors(kit: Kit, W: number, y: number, z: number, count = 9): void {
  for (let i = 0; i < count; i++) {
    const x = ((i + 0.5) / count - 0.5) * W * 0.86;
    kit.anchor(new Vector3(x, y, z), new Vector3(0, 0, 1), 0.2);
  }
  kit.anchor(new Vector3(W * 0.3, y + 0.3, z + 0.03), new Vector3(0, 0, 1), 0.34, true);
}

function flap(kit: Kit, W: number, H: number, D: number, drop: number, point: number): void {
  const geometry = surface(
    40,
    24,
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

function clasp(kit: Kit, y: number, z: number, size = 1): void {
  kit.add("metal", "clasp", new RoundedBoxGeometry(0.22 * size, 0.15 * size, 0.06, 3, 0.025), place(0, y, z + 0.02));
  kit.add("dark", "clasp", new BoxGeometry(0.07 * size, 0.025, 0.02), place(0, y, z + 0.055));
}

const FAMILIES: Readonly<Record<string, Family>> = {
  tote(kit, W, H, D) {
    const half = (v: number): number => (W / 2) * mix(0.86, 1.02, v);
    const depth = (v: number): number => (D / 2) * mix(1, 0.62, v * v);
    kit.add("body", "bag", softBody(H * 1.1, half, depth, 3, 6));
    kit.add(
      "body",
      "bag",
      mapFromFront(
        surface(
          64,
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
          { rows: 16 },
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
        { rows: 60 },
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
      48,
      36,
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
      { closed: true },
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
  hobo(kit, W, H, D) {
    const geometry = surface(56, 36, (u, v) => {
      const a = (v - 0.5) * Math.PI;
      const t = (u - 0.5) * 2;
      const droop = 0.42 * H * Math.abs(t) ** 2.2;
      const half = H * 0.5 * (1 - 0.55 * Math.abs(t) ** 3) * Math.sqrt(Math.max(0, 1 - t ** 8));
      const thick = (D / 2) * Math.sqrt(Math.max(0, 1 - t ** 4)) * Math.cos(a) ** 0.7;
      const y = H * 0.5 + droop * 0.9 + Math.sin(a) * half;
      return [t * W * 0.52, Math.max(0.005, y), thick * (1 + 0.08 * (noise(u * 9, v * 5, 3) - 0.5))];
    });
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
          { closed: true, rows: 24 },
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
