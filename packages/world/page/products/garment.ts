import { CylinderGeometry, SphereGeometry, TorusGeometry, Vector3 } from "three";
import { place, type BuilderPart, type Kit } from "../kit.ts";
import { lathe, mix, noise, profileThrough, smooth, surface, tube } from "../shapes.ts";

/** Heights of the figure that wears a garment: shoulders, waist, hips. */
export const SHOULDER = 2.3;
export const NECK = 2.42;
export const WAIST = 1.55;

/** How a garment's trunk runs: half-widths from hem to neck, as [height, half width, half depth]. */
type Trunk = readonly (readonly [y: number, x: number, z: number])[];

interface Folds {
  readonly count: number;
  /** Depth at the hem and at the waist. */
  readonly hem: number;
  readonly waist: number;
}

/** The cloth of the trunk: an elliptic tube whose folds deepen towards the hem, with wrinkles everywhere. */
export function trunk(
  kit: Kit,
  sections: Trunk,
  folds: Folds,
  options: { open?: number; seed?: number; part?: BuilderPart; x?: number } = {},
): void {
  const { open = 0, seed = 1, part = "clothes", x: shift = 0 } = options;
  const ys = sections.map(([y]) => y);
  const [bottom, top] = [ys[0]!, ys.at(-1)!];
  const widths = profileThrough(sections.map(([y, x]) => [x, y]));
  const depths = profileThrough(sections.map(([y, , z]) => [z, y]));
  const phase = seed * 1.7;
  kit.add(
    "body",
    part,
    surface(
      88,
      32,
      (u, v) => {
        const a = (u - 0.5) * (Math.PI * 2 - open);
        const turned = open > 0 ? a + Math.PI : a;
        const [x, y] = widths(v);
        const [z] = depths(v);
        const down = smooth(WAIST + 0.5, bottom, y);
        const n = folds.count;
        const wander = 1.6 * noise(u * 5, y * 1.2, seed);
        const fold = Math.sin(turned * n + phase + wander) * 0.7 + Math.sin(turned * (n * 2 + 1) + wander * 2) * 0.3;
        const depth = mix(folds.waist, folds.hem, down ** 1.4);
        const wrinkle = (noise(u * 14 + y * 3, y * 9, seed + 3) - 0.5) * 0.035;
        const s = 1 + fold * depth + wrinkle;
        const droop = folds.hem * 0.25 * Math.cos(turned * n + phase + wander) * (v < 0.05 ? 1 - v / 0.05 : 0);
        return [shift + Math.sin(turned) * x * s, y + droop, Math.cos(turned) * z * s];
      },
      { closed: open === 0, repeat: [2, Math.max(0.6, (top - bottom) * 0.62)], inside: open > 0 ? "seen" : "ends" },
    ),
  );
  const hem = (angle: number): Vector3 => {
    const [x] = widths(0);
    const [z] = depths(0);
    return new Vector3(
      shift + Math.sin(angle) * x * (1 + folds.hem * 0.5),
      bottom + 0.07,
      Math.cos(angle) * z * (1 + folds.hem * 0.5),
    );
  };
  for (let i = 0; i < 8; i++) {
    const a = ((i - 3.5) / 8) * 2.6;
    kit.anchor(hem(a).add(new Vector3(0, 0.08, 0)), new Vector3(Math.sin(a), 0, Math.cos(a)), 0.17);
  }
}

/** A sleeve from the shoulder outwards; `out` is how far the arm is held from the body. */
export function sleeves(kit: Kit, length: number, width: number, cuff: number, out: number, shoulder = 0.42): void {
  for (const side of [-1, 1]) {
    const points = [0, 0.3, 0.65, 1].map(
      (t) =>
        new Vector3(
          side * (shoulder - 0.06 + out * length * t * (1 - 0.25 * t)),
          SHOULDER - 0.1 - length * t * Math.sqrt(Math.max(0.1, 1 - out * out)),
          0.02 + 0.05 * t * t,
        ),
    );
    kit.add(
      "body",
      "sleeves",
      tube(
        points,
        (v, a) =>
          mix(width, cuff, v) *
          (1 +
            0.1 * (noise(v * 9 + side, a * 1.6, 5) - 0.5) +
            0.05 * Math.sin(v * 34 + Math.sin(a) * 2) * smooth(0.2, 0.6, v)),
        { rows: 39, columns: 20, flat: 0.82, repeat: [1, 1.2], inside: length < 0.7 ? "seen" : "ends" },
      ),
    );
    kit.add(
      "body",
      "sleeves",
      new SphereGeometry(1, 17, 11),
      place(points[0]!.x, points[0]!.y + 0.01, 0, [0, 0, side * -0.5], [width * 1.02, width * 0.98, width * 0.84]),
    );
    const end = points[3]!;
    const before = points[2]!.clone().lerp(end, 0.8);
    kit.add(
      "accent",
      "trim",
      tube(
        [before, before.clone().lerp(end, 0.5), end.clone().add(end.clone().sub(before).multiplyScalar(0.12))],
        cuff * 1.06,
        { rows: 8, columns: 20, flat: 0.84, inside: "seen" },
      ),
    );
  }
}

export function collar(kit: Kit, kind: number): void {
  if (kind < 0.34)
    kit.add(
      "accent",
      "trim",
      new TorusGeometry(0.205, 0.035, 6, 31),
      place(0, NECK - 0.03, 0, [Math.PI / 2 - 0.16, 0, 0], [1, 0.86, 1]),
    );
  else if (kind < 0.67) {
    for (const side of [-1, 1]) {
      kit.add(
        "accent",
        "trim",
        surface(
          14,
          6,
          (u, v) => {
            const a = side * mix(0.02, 2.8, u);
            const r = 0.2 + 0.1 * v * (1 + (1 - u) ** 3 * 0.6);
            return [Math.sin(a) * r, NECK + 0.06 - 0.16 * v - 0.12 * v * (1 - u) ** 4, Math.cos(a) * r * 0.82 + 0.02];
          },
          { flip: side < 0 },
        ),
      );
    }
  } else
    kit.add(
      "body",
      "clothes",
      lathe((v) => [0.2 - 0.02 * v + 0.012 * Math.sin(v * 12), NECK - 0.07 + v * 0.22], {
        columns: 26,
        rows: 11,
        depth: 0.86,
      }),
    );
}

export function buttons(kit: Kit, from: number, to: number, count: number, depth: (y: number) => number): void {
  for (let i = 0; i < count; i++) {
    const y = mix(from, to, count === 1 ? 0 : i / (count - 1));
    kit.add(
      "accent",
      "trim",
      new CylinderGeometry(0.042, 0.042, 0.025, 14),
      place(0.0, y, depth(y) + 0.022, [Math.PI / 2, 0, 0]),
    );
  }
}

export function belt(kit: Kit, y: number, x: number, z: number, tall = 0.13): void {
  kit.add(
    "accent",
    "trim",
    surface(
      48,
      4,
      (u, v) => {
        const a = (u - 0.5) * Math.PI * 2;
        return [Math.sin(a) * x * 1.05, y + (v - 0.5) * tall, Math.cos(a) * z * 1.07];
      },
      { closed: true },
    ),
  );
  kit.anchor(new Vector3(0, y, z * 1.07), new Vector3(0, 0, 1), 0.26);
}
