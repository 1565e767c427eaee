import { Vector3 } from "three";
import { facing, type Kit } from "../kit.ts";
import { lathe, mix, profileThrough, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

type Outline = readonly (readonly [number, number])[];

/** Rings of a vase, from the middle of its bottom over the rim to its floor. */
const ROWS = 44;

/** Vases stand on the floor, 1.6 to 2.1 high. */
export function buildVase(kit: Kit): Frame {
  const { family } = kit.identity;
  const H = kit.shape(0, 1.55, 2.1);
  const belly = kit.shape(1, 0.5, 0.78);
  const neck = kit.shape(2, 0.14, 0.3);
  const foot = kit.shape(3, 0.22, 0.4);
  const at = kit.shape(4, 0.3, 0.62);
  const lip = kit.shape(5, 0.03, 0.16);
  const outlines: Record<string, Outline> = {
    amphora: [
      [foot * 0.8, 0.02],
      [foot * 0.62, H * 0.06],
      [belly, H * (at + 0.1)],
      [belly * 0.82, H * (at + 0.22)],
      [neck, H * 0.82],
      [neck * 0.95, H * 0.9],
      [neck + lip, H],
    ],
    bottle: [
      [foot + 0.12, 0.01],
      [belly * 0.95, H * 0.22],
      [belly * 0.72, H * 0.4],
      [neck * 0.6, H * 0.58],
      [neck * 0.52, H * 0.9],
      [neck * 0.55 + lip * 0.6, H],
    ],
    cylinder: [
      [belly * 0.78, 0.01],
      [belly * 0.82, H * 0.05],
      [belly * 0.82, H * 0.5],
      [belly * 0.8, H * 0.95],
      [belly * 0.82, H],
    ],
    moon: [
      [foot, 0.01],
      [belly * 1.05, H * 0.26],
      [belly * 1.22, H * 0.44],
      [belly * 1.02, H * 0.63],
      [neck + 0.1, H * 0.76],
      [neck + 0.1 + lip, H * 0.82],
    ],
    gourd: [
      [foot, 0.01],
      [belly, H * 0.24],
      [belly * 0.55, H * 0.5],
      [belly * 0.7, H * 0.68],
      [neck * 0.7, H * 0.87],
      [neck + lip, H],
    ],
    facet: [
      [foot + 0.1, 0.01],
      [belly * 0.9, H * at],
      [belly * 0.75, H * 0.75],
      [neck + 0.14, H * 0.92],
      [neck + 0.18 + lip, H],
    ],
    pitcher: [
      [foot + 0.14, 0.01],
      [belly * 0.95, H * 0.25],
      [belly * 0.8, H * 0.5],
      [neck + 0.12, H * 0.76],
      [neck + 0.2 + lip, H * 0.96],
    ],
    trumpet: [
      [foot + 0.1, 0.01],
      [foot * 0.7, H * 0.12],
      [neck * 0.8, H * 0.3],
      [neck, H * 0.55],
      [belly * 0.7, H * 0.88],
      [belly + lip, H],
    ],
  };
  const outline = outlines[family] ?? outlines["moon"]!;
  const outer = profileThrough(outline);
  const [rim, top] = outline.at(-1)!;
  const wall = 0.045;
  // As deep as one can look through the mouth from 55 degrees above; a floor closes it.
  const deep = Math.min(0.97, (2.9 * rim) / top);
  const profile = (v: number): readonly [number, number] => {
    if (v === 0) return [0, 0.012];
    if (v < 0.72) return outer((v - 1 / ROWS) / (0.72 - 1 / ROWS));
    const back = (v - 0.72) / 0.28;
    if (back < 0.12) return [rim - (wall * back) / 0.12, top + 0.02 * Math.sin((back / 0.12) * Math.PI)];
    const [r, y] = outer(1 - ((back - 0.12) / 0.88) * deep);
    return v === 1 ? [0, y] : [Math.max(0.03, r - wall), y];
  };
  const sides = 6 + Math.round(kit.identity.shape[6]! * 4);
  const spout = family === "pitcher";
  const ripple = (angle: number, v: number): number => {
    if (family === "facet") {
      const step = (Math.PI * 2) / sides;
      const local = (((angle + Math.PI * 4) % step) + step) % step;
      return Math.cos(step / 2) / Math.cos(local - step / 2) - 1;
    }
    if (spout && v > 0.55 && v < 0.85)
      return 0.42 * Math.exp(-(((angle - 1.25) / 0.3) ** 2)) * (1 - Math.abs(v - 0.72) / 0.17);
    if (kit.identity.shape[6]! > 0.75 && v < 0.72) return 0.02 * Math.cos(angle * (18 + sides));
    return 0;
  };
  kit.add("body", "vase", lathe(profile, { columns: 56, rows: ROWS, repeat: [2, 1.25], ripple, inside: "hidden" }));
  if (family === "amphora" || spout) {
    for (const side of family === "amphora" ? [-1, 1] : [-1]) {
      const start = outer(0.92);
      const end = outer(0.5);
      const reach = Math.max(start[0], end[0]) + 0.24;
      const points = [
        [start[0] - 0.03, start[1]],
        [reach * 0.86, start[1] + 0.06],
        [reach, mix(start[1], end[1], 0.4)],
        [end[0] - 0.03, end[1]],
      ] as const;
      kit.add(
        "body",
        "handle",
        tube(
          points.map(([x, y]) => new Vector3(side * x, y, 0)),
          0.048,
          { rows: 20, flat: 1.4 },
        ),
      );
    }
  }
  for (let i = 0; i < 16; i++) {
    const angle = (i / 16) * Math.PI * 2;
    const [r, y] = outer(0.62);
    const out = new Vector3(Math.sin(angle), 0.15, Math.cos(angle));
    kit.anchor(new Vector3(out.x * r, y, out.z * r), out, 0.2);
  }
  for (let i = 0; i < 9; i++) {
    const angle = ((i - 4) / 9) * 3.4;
    const out = new Vector3(Math.sin(angle), 0.1, Math.cos(angle));
    const [r, y] = outer(0.93);
    kit.anchor(new Vector3(out.x * (r + 0.02), y, out.z * (r + 0.02)), out, 0.2, true);
  }
  if (kit.identity.shape[7]! > 0.55) addFlowers(kit, rim, top);
  return { fixed: 0, free: top };
}

/** A few stems in the mouth of the vase; their heads take the accent colour. */
function addFlowers(kit: Kit, rim: number, top: number): void {
  const count = 3 + Math.floor(kit.random() * 4);
  const long = 0.35 + kit.random() * 0.35;
  for (let i = 0; i < count; i++) {
    const angle = (i / count) * Math.PI * 2 + kit.random();
    const spread = rim * 0.5 + long * (0.3 + kit.random() * 0.6);
    const head = new Vector3(
      Math.sin(angle) * spread,
      top + long * (0.7 + kit.random() * 0.6),
      Math.cos(angle) * spread * 0.8,
    );
    const foot = new Vector3(Math.sin(angle) * rim * 0.3, top - 0.25, Math.cos(angle) * rim * 0.3);
    kit.add(
      "stem",
      "flowers",
      tube(
        [
          foot,
          foot
            .clone()
            .lerp(head, 0.5)
            .add(new Vector3(0, 0.06, 0)),
          head,
        ],
        0.014,
        { columns: 6, rows: 10 },
      ),
    );
    const up = head.clone().sub(foot).normalize();
    const petals = 6;
    for (let p = 0; p < petals * 2; p++) {
      const turn = (p / petals) * Math.PI * 2 + (p >= petals ? 0.5 : 0);
      const open = p >= petals ? 0.55 : 0.95;
      const petal = surface(6, 6, (u, v) => {
        const w = Math.sin(v * Math.PI * 0.9) * 0.06;
        const along = v * 0.16;
        const x = (u - 0.5) * 2 * w;
        return [
          x * Math.cos(turn) + Math.sin(turn) * along * Math.sin(open),
          along * Math.cos(open) + x * x * 4,
          -x * Math.sin(turn) + Math.cos(turn) * along * Math.sin(open),
        ];
      });
      kit.add("accent", "flowers", petal, facing(head, up));
    }
    const leaf = surface(6, 8, (u, v) => [(u - 0.5) * Math.sin(v * Math.PI) * 0.12, v * 0.26, Math.sin(v * 2) * 0.06]);
    kit.add("stem", "flowers", leaf, facing(foot.clone().lerp(head, 0.55), new Vector3(Math.cos(angle), 0.7, 0.4)));
  }
}
