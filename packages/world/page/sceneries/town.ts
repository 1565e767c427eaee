import {
  BoxGeometry,
  type BufferGeometry,
  Color,
  ConeGeometry,
  CylinderGeometry,
  PlaneGeometry,
  SphereGeometry,
  Vector3,
} from "three";
import type { SceneryScene } from "../../src/sceneries/scene.ts";
import { place } from "../kit.ts";
import { noise, surface, tube } from "../shapes.ts";
import { box, type Ground, type Growth } from "./ground.ts";

export interface City {
  readonly ground: Ground;
  readonly scene: SceneryScene;
  readonly growth: Growth;
  /** Windows shine. */
  readonly night: boolean;
  /** Sparks that decide which windows shine; the mood's own. */
  readonly spark: () => number;
}

export const WALLS = [
  "#b9a48c",
  "#a8574a",
  "#c9b79a",
  "#8c8f96",
  "#d7cfc2",
  "#7d6a5c",
  "#9fa8ad",
  "#c58a5b",
  "#6f7d86",
].map((hex) => new Color(hex));
export const PAINTS = ["#d98a6a", "#e6c36a", "#7fa8b8", "#c96a5f", "#8fae8a", "#d9cfc0", "#b58bb0"].map(
  (hex) => new Color(hex),
);
export const ROAD = new Color("#4b4d52");
export const PAVING = new Color("#a29c92");
const GLASS = new Color("#41566b");
const LAMP = new Color("#ffd48a").multiplyScalar(1.6);

export function flat(city: City, w: number, d: number, x: number, z: number, colour: Color, y = 0): void {
  const seed = city.scene.identity.layout % 1000;
  city.ground.add(
    surface(40, 40, (u, v) => [x + (u - 0.5) * w, y, z + (0.5 - v) * d]),
    (p) => colour.clone().multiplyScalar(0.88 + 0.2 * noise(p.x * 1.4, p.z * 1.4, seed)),
    "land",
  );
}

/** A building at the middle of its front's foot; `turn` is the direction its front faces. */
export function building(
  city: City,
  x: number,
  z: number,
  w: number,
  h: number,
  d: number,
  turn: number,
  colour: Color,
  roof: "flat" | "gable" | "tower" = "flat",
): void {
  const { ground, night, spark } = city;
  const put = (geometry: BufferGeometry, c: Color, shine: "lit" | "glow" = "lit"): void =>
    ground.add(geometry, c, "buildings", shine, place(x, 0, z, [0, turn, 0]));
  put(box(w, h, d).translate(0, 0, -d / 2), colour);
  put(box(w * 1.03, 0.12, d * 1.03).translate(0, h - 0.06, -d / 2), colour.clone().multiplyScalar(0.75));
  if (roof === "gable") {
    const top = new ConeGeometry(Math.SQRT1_2, 1, 4)
      .rotateY(Math.PI / 4)
      .scale(w * 1.12, w * 0.55, d * 1.12)
      .translate(0, h + w * 0.27, -d / 2);
    put(top, new Color("#7c4a3a").lerp(colour, 0.2));
  } else if (roof === "tower")
    put(box(w * 0.4, h * 0.12, d * 0.4).translate(0, h, -d / 2), colour.clone().multiplyScalar(0.9));
  const floors = Math.max(1, Math.floor(h / 0.85));
  const bays = Math.max(1, Math.floor(w / 0.62));
  for (let f = 0; f < floors; f++) {
    for (let b = 0; b < bays; b++) {
      const lit = spark() < (night ? 0.5 : 0.04);
      const c = lit
        ? LAMP.clone().multiplyScalar(0.6 + spark() * 0.5)
        : GLASS.clone().multiplyScalar(night ? 0.35 : 0.8 + spark() * 0.5);
      const [wx, wy] = [((b + 0.5) / bays - 0.5) * w, ((f + 0.55) / floors) * h];
      put(new PlaneGeometry((w / bays) * 0.5, (h / floors) * 0.55).translate(wx, wy, 0.02), c, lit ? "glow" : "lit");
      for (const side of [-1, 1]) {
        if (b > 0 || f % 2 === 0) continue;
        put(
          new PlaneGeometry(d * 0.3, (h / floors) * 0.5)
            .rotateY((side * Math.PI) / 2)
            .translate(side * (w / 2 + 0.02), wy, -d / 2),
          c,
          lit ? "glow" : "lit",
        );
      }
    }
  }
  put(new BoxGeometry(0.34, 0.7, 0.06).translate(w * 0.2, 0.35, 0.02), colour.clone().multiplyScalar(0.45));
}

export function lamp(city: City, x: number, z: number): void {
  const { ground, night } = city;
  ground.add(
    tube([new Vector3(x, 0, z), new Vector3(x, 1.2, z), new Vector3(x, 2.2, z)], 0.035, { columns: 6, rows: 4 }),
    new Color("#2e3136"),
    "land",
  );
  ground.add(
    new SphereGeometry(0.13, 10, 8),
    night ? LAMP : new Color("#e8e4da"),
    "land",
    night ? "glow" : "lit",
    place(x, 2.28, z),
  );
}

export function bench(city: City, x: number, z: number, turn: number): void {
  const wood = new Color("#7a5a3c");
  for (const [w, h, d, y, dz] of [
    [1.1, 0.06, 0.35, 0.36, 0],
    [1.1, 0.3, 0.05, 0.5, -0.18],
  ] as const)
    city.ground.add(new BoxGeometry(w, h, d).translate(0, y, dz), wood, "land", "lit", place(x, 0, z, [0, turn, 0]));
  for (const dx of [-0.45, 0.45])
    city.ground.add(
      new BoxGeometry(0.06, 0.36, 0.3).translate(dx, 0.18, 0),
      new Color("#33363a"),
      "land",
      "lit",
      place(x, 0, z, [0, turn, 0]),
    );
}

export function boat(city: City, x: number, z: number, size: number, colour: Color): void {
  const hull = surface(16, 10, (u, v) => {
    const t = (v - 0.5) * 2;
    const w = (1 - t * t) ** 0.6 * 0.34;
    const a = (u - 0.5) * Math.PI;
    return [t * 1.2, -0.05 - Math.cos(a) * 0.32 + 0.3 + t * t * 0.12, Math.sin(a) * w];
  });
  city.ground.add(hull, colour, "land", "lit", place(x, 0, z, [0, 0.4, 0], size));
  city.ground.add(
    new BoxGeometry(0.6, 0.3, 0.36).translate(-0.2, 0.42, 0),
    new Color("#efe9dd"),
    "land",
    "lit",
    place(x, 0, z, [0, 0.4, 0], size),
  );
  city.ground.add(
    new CylinderGeometry(0.025, 0.03, 2, 6).translate(0.25, 1.2, 0),
    new Color("#5c4632"),
    "land",
    "lit",
    place(x, 0, z, [0, 0.4, 0], size),
  );
}

export function pick(city: City, from: readonly Color[]): Color {
  return from[Math.floor(city.ground.random() * from.length)]!.clone().multiplyScalar(city.ground.between(0.85, 1.1));
}

/** Towers in the distance, between x limits. */
export function skyline(city: City, z: number, from: number, to: number, low: number, high: number): void {
  for (let x = from; x < to;) {
    const w = city.ground.between(1.8, 3.6);
    building(
      city,
      x + w / 2,
      z - city.ground.between(0, 5),
      w,
      city.ground.between(low, high) * (1 - 0.35 * Math.abs((x / (to - from)) * 2)),
      w,
      0,
      pick(city, WALLS),
      city.ground.random() < 0.5 ? "tower" : "flat",
    );
    x += w + city.ground.between(-0.2, 0.9);
  }
}
