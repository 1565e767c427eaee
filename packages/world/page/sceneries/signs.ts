import {
  BufferGeometry,
  Color,
  ConeGeometry,
  PlaneGeometry,
  Shape,
  ShapeGeometry,
  SphereGeometry,
  TorusGeometry,
  Vector3,
} from "three";
import type { SceneryScene } from "../../src/sceneries/scene.ts";
import { place } from "../kit.ts";
import { surface, tube } from "../shapes.ts";
import type { Air } from "./air.ts";
import { addHalo, type Ground } from "./ground.ts";

interface Show {
  readonly ground: Ground;
  readonly scene: SceneryScene;
  readonly air: Air;
  readonly tint: Color;
  readonly second: Color;
  /** 0..1 of the usual number. */
  readonly amount: number;
  readonly eye: number;
}

/** Repeats a maker `count` times at places of the view: x by depth, y between two heights. */
function scatter(
  show: Show,
  count: number,
  near: number,
  far: number,
  low: number,
  high: number,
  make: (at: Vector3, i: number) => void,
): void {
  for (let i = 0; i < Math.round(count * show.amount); i++) {
    const z = -show.ground.between(near, far);
    const reach = (8 - z) * 0.5;
    make(new Vector3(show.ground.between(-reach, reach), show.ground.between(low, high) * (0.5 + (8 - z) / 30), z), i);
  }
}

function put(
  show: Show,
  geometry: BufferGeometry,
  colour: Color,
  shine: "lit" | "glow" | "veil",
  at: Vector3,
  turn: readonly [number, number, number] = [0, 0, 0],
  scale = 1,
): void {
  show.ground.add(geometry, colour, shine === "veil" ? undefined : "sky", shine, place(at.x, at.y, at.z, turn, scale));
}

function bird(show: Show, at: Vector3, size: number, colour: Color): void {
  const lift = show.ground.between(0.1, 0.5);
  const wings = surface(10, 2, (u, v) => {
    const t = (u - 0.5) * 2;
    return [t, Math.abs(t) * lift - t * t * 0.25, (v - 0.5) * 0.34 * (1 - Math.abs(t) * 0.75)];
  });
  put(show, wings, colour, "lit", at, [0.5, show.ground.between(-1, 1), show.ground.between(-0.3, 0.3)], size);
}

function heart(): ShapeGeometry {
  const shape = new Shape();
  shape.moveTo(0, -0.5).bezierCurveTo(-0.85, 0.1, -0.45, 0.65, 0, 0.25).bezierCurveTo(0.45, 0.65, 0.85, 0.1, 0, -0.5);
  return new ShapeGeometry(shape, 10);
}

const SIGNS: Readonly<Record<string, (show: Show) => void>> = {
  birds: (show) =>
    scatter(show, 22, 2, 26, 2.4, 5.5, (at) =>
      bird(show, at, show.ground.between(0.22, 0.4), show.air.night ? new Color("#556") : new Color("#f4f4f0")),
    ),
  crows: (show) =>
    scatter(show, 26, 1, 24, 2, 5.5, (at) => bird(show, at, show.ground.between(0.25, 0.5), new Color("#08080a"))),
  balloons: (show) =>
    scatter(show, 20, 1, 22, 1.6, 5.5, (at, i) => {
      const colour = [show.tint, show.second, new Color("#e4572e"), new Color("#ffd23e"), new Color("#5fb0e5")][i % 5]!;
      put(show, new SphereGeometry(0.34, 20, 14).scale(1, 1.2, 1), colour, "lit", at);
      put(
        show,
        tube([new Vector3(0, -0.4, 0), new Vector3(0.04, -0.8, 0), new Vector3(-0.02, -1.2, 0)], 0.012, {
          columns: 4,
          rows: 8,
        }),
        new Color("#dddddd"),
        "lit",
        at,
      );
    }),
  lanterns: (show) =>
    scatter(show, 24, 0, 22, 1.1, 4.6, (at) => {
      put(
        show,
        new SphereGeometry(0.19, 14, 10).scale(1, 1.25, 1),
        new Color("#ffc36b").lerp(show.tint, 0.15).multiplyScalar(1.7),
        "glow",
        at,
      );
      addHalo(show.ground, at, 0.62, new Color("#ff9a3c").multiplyScalar(0.3));
    }),
  fireflies: (show) =>
    scatter(show, 70, -3, 14, 0.3, 2.4, (at) => {
      put(show, new SphereGeometry(0.035, 6, 5), new Color("#f4ff9a").multiplyScalar(2), "glow", at);
      addHalo(show.ground, at, 0.35, new Color("#d8ff6a").multiplyScalar(0.5));
    }),
  fireworks: (show) =>
    scatter(show, 8, 12, 30, 3.6, 6.4, (at, i) => {
      const colours = [show.tint, show.second, new Color("#ffd23e"), new Color("#ff5a8a")];
      const colour = colours[i % 4]!.clone().multiplyScalar(2);
      const r = show.ground.between(1.6, 3.2);
      for (let k = 0; k < 34; k++) {
        const [a, b] = [k * 2.399, Math.acos(1 - (2 * (k + 0.5)) / 34)];
        const out = new Vector3(Math.sin(b) * Math.cos(a), Math.cos(b), Math.sin(b) * Math.sin(a));
        const points = [0.25, 0.6, 1].map((t) =>
          out
            .clone()
            .multiplyScalar(r * t)
            .add(new Vector3(0, -t * t * 0.4 * r * 0.5, 0)),
        );
        put(
          show,
          tube(points, (v) => 0.028 + 0.03 * v, { columns: 4, rows: 5 }),
          colour,
          "glow",
          at,
        );
      }
      addHalo(show.ground, at, r * 1.6, colour.clone().multiplyScalar(0.16));
    }),
  confetti: (show) =>
    scatter(show, 190, -4, 14, 0.4, 4.4, (at, i) =>
      put(show, new PlaneGeometry(0.13, 0.07), new Color().setHSL((i * 0.37) % 1, 0.8, 0.58), "glow", at, [
        show.ground.random() * 3,
        show.ground.random() * 3,
        show.ground.random() * 3,
      ]),
    ),
  leaves: (show) =>
    scatter(show, 110, -4, 14, 0.2, 3.6, (at, i) =>
      put(
        show,
        new SphereGeometry(0.09, 7, 4).scale(1, 0.12, 0.6),
        [new Color("#b5652a"), new Color("#8f6a35"), new Color("#c8912e")][i % 3]!,
        "lit",
        at,
        [show.ground.random() * 3, show.ground.random() * 3, 0],
      ),
    ),
  butterflies: (show) =>
    scatter(show, 30, -3.5, 9, 0.4, 2.6, (at, i) => {
      for (const side of [-1, 1])
        put(
          show,
          new SphereGeometry(0.13, 10, 4).scale(0.75, 0.06, 1).translate(side * 0.1, 0, 0),
          i % 2 ? show.tint : show.second,
          "lit",
          at,
          [0.9, show.ground.random() * 3, side * 0.5],
        );
    }),
  hearts: (show) =>
    scatter(show, 24, -1, 16, 1, 4.4, (at, i) =>
      put(
        show,
        heart(),
        (i % 2 ? show.tint : new Color("#ff5a7a")).clone().multiplyScalar(1.1),
        "glow",
        at,
        [0, show.ground.between(-0.5, 0.5), show.ground.between(-0.3, 0.3)],
        show.ground.between(0.2, 0.45),
      ),
    ),
  banners: (show) =>
    scatter(show, 10, -1, 14, 0, 0, (at, i) => {
      put(
        show,
        tube([new Vector3(0, 0, 0), new Vector3(0, 1.6, 0), new Vector3(0, 3.3, 0)], 0.04, { columns: 6, rows: 4 }),
        new Color("#c9a24a"),
        "lit",
        at,
      );
      const cloth = surface(8, 16, (u, v) => [
        0.05 + u * 0.75,
        3.2 - v * 1.9 - u * 0.08 * Math.sin(v * 3),
        0.16 * Math.sin(u * 3 + v * 4),
      ]);
      put(show, cloth, i % 2 ? show.tint : show.second, "lit", at);
    }),
  fire: (show) =>
    scatter(show, 9, -1, 14, 0, 0, (at) => {
      for (let k = 0; k < 9; k++) {
        const h = show.ground.between(0.4, 1.3);
        const colours = [new Color("#ff4a12"), new Color("#ff8a1e"), new Color("#ffd34a")];
        const c = colours[k % 3]!.clone().multiplyScalar(1.5);
        put(
          show,
          new ConeGeometry(show.ground.between(0.09, 0.24), h, 7).translate(
            show.ground.between(-0.35, 0.35),
            h / 2,
            show.ground.between(-0.2, 0.2),
          ),
          c,
          "glow",
          at,
          [0, 0, show.ground.between(-0.15, 0.15)],
        );
      }
      addHalo(show.ground, at.clone().setY(at.y + 0.8), 2.4, new Color("#ff5a1a").multiplyScalar(0.45));
    }),
  flies: (show) =>
    scatter(show, 160, -5, 4, 0.5, 2.8, (at) =>
      put(show, new SphereGeometry(0.022, 5, 4), new Color("#0b0b08"), "lit", at),
    ),
  eyes: (show) =>
    scatter(show, 15, -1, 16, 0.4, 1.6, (at) => {
      for (const dx of [-0.12, 0.12])
        put(
          show,
          new SphereGeometry(0.075, 10, 6).scale(1, 0.6, 0.4),
          new Color("#ffe45a").multiplyScalar(1.7),
          "glow",
          at.clone().add(new Vector3(dx, 0, 0)),
        );
    }),
  rays: (show) => {
    const from = show.air.towardsSun.clone().setZ(-Math.abs(show.air.towardsSun.z)).multiplyScalar(46);
    for (let i = 0; i < 9; i++) {
      const a = (i / 9 - 0.5) * 2.2 + show.ground.between(-0.08, 0.08);
      const w = show.ground.between(0.5, 2.2);
      const ray = surface(2, 12, (u, v) => {
        const r = 4 + v * 60;
        return [from.x + Math.sin(a) * r + (u - 0.5) * w * (0.4 + v * 4), from.y + 2 - Math.cos(a) * r * 0.75, -26];
      });
      const bright = show.air.sun.clone().multiplyScalar(0.2 * show.amount + 0.06);
      const reach = new Vector3(from.x, from.y, -26);
      show.ground.add(
        ray,
        (p) => bright.clone().multiplyScalar(Math.max(0, 1 - p.distanceTo(reach) / 52)),
        undefined,
        "veil",
      );
    }
  },
};

/** Adds a mood's weather and signs to a place. */
export function addSigns(ground: Ground, scene: SceneryScene, air: Air): void {
  const { mood, identity } = scene;
  const show: Show = {
    ground,
    scene,
    air,
    tint: new Color(`#${mood.tint[1]}`),
    second: new Color(`#${mood.second[1]}`),
    amount: mood.amount,
    eye: identity.eye,
  };
  SIGNS[mood.sign]?.(show);
  const { weather, amount } = mood;
  if (weather === "rain" || weather === "drizzle" || weather === "storm") {
    const count = weather === "drizzle" ? 160 : 380;
    for (let i = 0; i < count * amount; i++) {
      const z = 6.4 - ground.random() ** 2 * 12;
      const reach = (8.4 - z) * 0.62;
      const at = new Vector3(ground.between(-reach, reach), identity.eye + ground.between(-reach, reach), z);
      const long = (weather === "drizzle" ? 0.12 : 0.34) * (0.4 + (8.4 - z) * 0.16);
      put(
        show,
        new PlaneGeometry(0.006 + (8.4 - z) * 0.0016, long),
        new Color("#cfdbe8").multiplyScalar(air.night ? 0.1 : 0.15),
        "veil",
        at,
        [0, 0, 0.16],
      );
    }
  }
  if (weather === "snow")
    scatter(show, 420, -6, 16, -0.2, 5, (at) =>
      put(show, new SphereGeometry(0.032, 5, 4), new Color("#ffffff"), "glow", at),
    );
  if (weather === "petals")
    scatter(show, 120, -5, 10, 0, 3.6, (at) =>
      put(
        show,
        new SphereGeometry(0.06, 6, 4).scale(1, 0.15, 0.7),
        new Color("#f7b9cd").lerp(show.tint, 0.3),
        "glow",
        at,
        [ground.random() * 3, ground.random() * 3, 0],
      ),
    );
  if (weather === "rainbow") {
    const x = -Math.sign(identity.bearing || 1) * 6;
    ["#ff3b3b", "#ff9a2e", "#ffe63b", "#49d65a", "#3ba2ff", "#8a4bff"].forEach((hex, i) => {
      put(
        show,
        new TorusGeometry(25 - i * 0.55, 0.3, 6, 70, Math.PI),
        new Color(hex).multiplyScalar(0.24 + 0.14 * amount),
        "veil",
        new Vector3(x, -4, -50),
      );
    });
  }
  if (weather === "lightning") {
    for (let k = 0; k < 2 + Math.round(amount); k++) {
      let at = new Vector3(ground.between(-16, 16), 26, -44);
      const points = [at];
      while (at.y > 1.5) {
        at = at.clone().add(new Vector3(ground.between(-2.6, 2.6), -ground.between(1.6, 3.4), 0));
        points.push(at);
      }
      ground.add(
        tube(points, (v) => 0.2 * (1 - v * 0.7), { columns: 4, rows: points.length * 3 }),
        new Color("#eef2ff").multiplyScalar(2.4),
        "sky",
        "glow",
      );
    }
  }
}
