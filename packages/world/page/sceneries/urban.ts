import { BoxGeometry, Color, CylinderGeometry, PlaneGeometry, TorusGeometry, Vector3 } from "three";
import type { SceneryScene } from "../../src/sceneries/scene.ts";
import { place } from "../kit.ts";
import { mix, noise, surface, tube } from "../shapes.ts";
import { addTree, box, type Ground, type Growth } from "./ground.ts";
import type { Waters } from "./natural.ts";
import { bench, boat, building, flat, lamp, pick, skyline, PAINTS, PAVING, ROAD, WALLS, type City } from "./town.ts";

/** Builds an urban place. Buildings stay; only windows, lamps and what grows follow the mood. */
export function buildUrban(
  ground: Ground,
  scene: SceneryScene,
  growth: Growth,
  night: boolean,
  spark: () => number,
): Waters | undefined {
  return (CITIES[scene.identity.family] ?? CITIES["street"]!)({ ground, scene, growth, night, spark });
}

const WATER: Waters = { level: -0.35, deep: new Color("#2b5566"), chop: 0.8 };

const CITIES: Readonly<Record<string, (city: City) => Waters | undefined>> = {
  street(city) {
    const { shape } = city.scene.identity;
    flat(city, 60, 90, 0, -34, ROAD);
    const half = mix(2.6, 4, shape[0]!);
    for (const side of [-1, 1]) {
      city.ground.add(box(2, 0.12, 80), PAVING, "land", "lit", place(side * (half + 0.2), 0, -32));
      for (let z = 3; z > -46;) {
        const w = city.ground.between(3, 4.8);
        building(
          city,
          side * (half + 1.2),
          z - w / 2,
          w,
          city.ground.between(3.2, 7.5 + shape[1]! * 6),
          4,
          (side * -Math.PI) / 2,
          pick(city, WALLS),
          city.ground.random() < 0.3 ? "gable" : "flat",
        );
        z -= w + 0.1;
      }
      for (let z = 1; z > -34; z -= 6) {
        lamp(city, side * (half - 0.5), z);
        if (shape[2]! > 0.35) addTree(city.ground, new Vector3(side * (half - 0.3), 0.1, z - 3), 1.1, city.growth);
      }
    }
    for (let z = 4; z > -40; z -= 2.4)
      city.ground.add(
        new PlaneGeometry(0.14, 1.1).rotateX(-Math.PI / 2),
        new Color("#d8d4c6"),
        "land",
        "lit",
        place(0, 0.012, z),
      );
    skyline(city, -52, -14, 14, 9, 16);
    return undefined;
  },
  skyline(city) {
    const { shape } = city.scene.identity;
    skyline(city, -24, -26, 26, 5, 12 + shape[0]! * 8);
    skyline(city, -34, -34, 34, 8, 16 + shape[1]! * 8);
    city.ground.add(box(80, 0.5, 3), PAVING, "land", "lit", place(0, -0.4, -20));
    for (let x = -20; x < 20; x += 3.4)
      addTree(city.ground, new Vector3(x + city.ground.between(-0.6, 0.6), 0, -20), 1.2, city.growth);
    city.ground.add(box(14, 0.5, 3), PAVING, "land", "lit", place(0, -0.62, 7));
    return WATER;
  },
  square(city) {
    const { shape } = city.scene.identity;
    flat(city, 70, 70, 0, -20, PAVING);
    for (let x = -16; x < 16;) {
      const w = city.ground.between(2.8, 4.6);
      building(
        city,
        x + w / 2,
        -17,
        w,
        city.ground.between(3.6, 6.5),
        4,
        0,
        pick(city, shape[0]! > 0.5 ? PAINTS : WALLS),
        shape[1]! > 0.4 ? "gable" : "flat",
      );
      x += w;
    }
    for (const side of [-1, 1]) {
      for (let z = 0; z > -16; z -= 4)
        building(
          city,
          side * 9.5,
          z - 2,
          3.9,
          city.ground.between(3.4, 6),
          4,
          (side * -Math.PI) / 2,
          pick(city, WALLS),
          shape[1]! > 0.4 ? "gable" : "flat",
        );
    }
    if (shape[2]! > 0.5) {
      city.ground.add(box(1.8, 0.5, 1.8), new Color("#9a948a"), "buildings", "lit", place(0, 0, -7));
      city.ground.add(
        new CylinderGeometry(0.22, 0.42, 4, 4).translate(0, 2.5, 0),
        new Color("#b3aca0"),
        "buildings",
        "lit",
        place(0, 0, -7, [0, 0.78, 0]),
      );
    } else {
      city.ground.add(
        new CylinderGeometry(1.7, 1.8, 0.5, 32),
        new Color("#9a948a"),
        "buildings",
        "lit",
        place(0, 0.25, -7),
      );
      city.ground.add(
        new CylinderGeometry(1.5, 1.5, 0.06, 32),
        new Color("#7fb6c9"),
        "buildings",
        "lit",
        place(0, 0.5, -7),
      );
      city.ground.add(
        new CylinderGeometry(0.5, 0.14, 1.4, 20),
        new Color("#b3aca0"),
        "buildings",
        "lit",
        place(0, 1.1, -7),
      );
    }
    for (const [x, z] of [
      [-4, -3],
      [4, -3],
      [-5, -11],
      [5, -11],
    ] as const)
      lamp(city, x, z);
    for (const side of [-1, 1]) {
      bench(city, side * 3, -5.5, side * -0.7);
      addTree(city.ground, new Vector3(side * 6, 0, -6), 1.5, city.growth);
      addTree(city.ground, new Vector3(side * 6.5, 0, -12), 1.4, city.growth);
    }
    return undefined;
  },
  park(city) {
    const { identity } = city.scene;
    const seed = identity.layout % 1000;
    city.ground.add(
      surface(70, 60, (u, v) => {
        const [x, z] = [(u - 0.5) * 60, 8 - v * 44];
        return [x, 0.25 * (noise(x * 0.2, z * 0.2, seed) - 0.5), z];
      }),
      (p) =>
        city.growth.grass
          .clone()
          .multiplyScalar(0.85 + 0.25 * noise(p.x * 2, p.z * 2, seed))
          .lerp(
            new Color("#c2ad86"),
            Math.abs(p.x - Math.sin(p.z * 0.22 + identity.shape[0]! * 6) * 2) < 0.9 ? 0.85 : 0,
          ),
      "land",
    );
    for (let i = 0; i < 26; i++) {
      const [x, z] = [(city.ground.random() - 0.5) * 26, 2 - city.ground.random() * 26];
      if (Math.abs(x - Math.sin(z * 0.22 + identity.shape[0]! * 6) * 2) < 1.8 || (Math.abs(x) < 2 && z > -4)) continue;
      addTree(city.ground, new Vector3(x, 0, z), city.ground.between(1.2, 2), city.growth);
    }
    for (let z = 1; z > -22; z -= 5) {
      const x = Math.sin(z * 0.22 + identity.shape[0]! * 6) * 2;
      lamp(city, x + 1.4, z);
      bench(city, x - 1.6, z - 2, 1.2);
    }
    skyline(city, -36, -30, 30, 6, 15);
    return undefined;
  },
  harbour(city) {
    const { shape } = city.scene.identity;
    for (let x = -18; x < 18;) {
      const w = city.ground.between(2, 3.2);
      building(city, x + w / 2, -15, w, city.ground.between(2.8, 4.6), 3, 0, pick(city, PAINTS), "gable");
      x += w + 0.05;
    }
    city.ground.add(box(60, 0.7, 4), PAVING, "land", "lit", place(0, -0.6, -13));
    for (let i = 0; i < 7; i++)
      boat(
        city,
        city.ground.between(-8, 8),
        city.ground.between(-9.5, -0.5),
        city.ground.between(0.7, 1.3),
        pick(city, PAINTS),
      );
    const side = shape[0]! > 0.5 ? 1 : -1;
    city.ground.add(box(1.6, 0.25, 14), new Color("#7a5f45"), "land", "lit", place(side * 3.6, -0.3, 1));
    for (let z = 6; z > -5; z -= 2)
      city.ground.add(
        new CylinderGeometry(0.09, 0.09, 1, 8),
        new Color("#5b4433"),
        "land",
        "lit",
        place(side * 2.9, -0.1, z),
      );
    for (let x = -12; x <= 12; x += 6) lamp(city, x, -11.6);
    for (let x = -15; x <= 15; x += 6) addTree(city.ground, new Vector3(x, 0.08, -12.4), 1.1, city.growth);
    return WATER;
  },
  bridge(city) {
    const { shape } = city.scene.identity;
    skyline(city, -30, -30, 30, 5, 13);
    city.ground.add(box(80, 0.6, 4), PAVING, "land", "lit", place(0, -0.5, -26));
    for (let x = -20; x <= 20; x += 4) addTree(city.ground, new Vector3(x, 0.05, -25), 1.3, city.growth);
    const steel = pick(city, [new Color("#a8463a"), new Color("#5f6d78"), new Color("#8c8271")]);
    const [y, z] = [1.5, -13];
    city.ground.add(
      new BoxGeometry(60, 0.3, 2),
      steel.clone().multiplyScalar(0.8),
      "buildings",
      "lit",
      place(0, y, z, [0, 0.12, 0]),
    );
    if (shape[0]! > 0.5) {
      for (const x of [-7, 7]) {
        city.ground.add(box(0.6, 7, 1.8), steel, "buildings", "lit", place(x, -0.4, z, [0, 0.12, 0]));
        for (const end of [-1, 1]) {
          const cable = Array.from({ length: 9 }, (_, i) => {
            const t = i / 8;
            return new Vector3(x + end * t * 7, y + 0.2 + 5 * (1 - t) ** 2, z - 0.12 * end * t * 7);
          });
          city.ground.add(tube(cable, 0.06, { columns: 6, rows: 24 }), steel, "buildings");
          for (const p of cable.slice(1, 8))
            city.ground.add(
              new CylinderGeometry(0.02, 0.02, p.y - y, 5),
              steel,
              "buildings",
              "lit",
              place(p.x, (p.y + y) / 2, p.z),
            );
        }
      }
    } else {
      for (let x = -20; x <= 20; x += 8) {
        city.ground.add(
          new TorusGeometry(3.4, 0.35, 8, 30, Math.PI),
          steel,
          "buildings",
          "lit",
          place(x + 4, -1.6, z, [0, 0.12, 0]),
        );
        city.ground.add(
          box(1, 2.6, 2),
          steel.clone().multiplyScalar(0.9),
          "buildings",
          "lit",
          place(x, -1, z, [0, 0.12, 0]),
        );
      }
    }
    for (let x = -18; x <= 18; x += 6) lamp({ ...city }, x, -24.6);
    return WATER;
  },
  suburb(city) {
    const { shape } = city.scene.identity;
    flat(city, 80, 12, 0, 4, ROAD);
    const seed = city.scene.identity.layout % 1000;
    city.ground.add(
      surface(60, 30, (u, v) => [(u - 0.5) * 80, 0.02, -1.6 - v * 34]),
      (p) => city.growth.grass.clone().multiplyScalar(0.85 + 0.25 * noise(p.x * 2, p.z * 2, seed)),
      "land",
    );
    city.ground.add(box(80, 0.1, 1.3), PAVING, "land", "lit", place(0, 0, -1.4));
    for (let i = -3; i <= 3; i++) {
      const x = i * 5.2 + city.ground.between(-0.5, 0.5);
      building(
        city,
        x,
        -7 - city.ground.between(0, 1.5),
        city.ground.between(2.8, 3.6),
        city.ground.between(1.9, 2.9),
        3.2,
        city.ground.between(-0.12, 0.12),
        pick(city, PAINTS),
        "gable",
      );
      city.ground.add(
        new PlaneGeometry(0.9, 4.6).rotateX(-Math.PI / 2),
        PAVING,
        "land",
        "lit",
        place(x + 0.6, 0.035, -4.3),
      );
      addTree(
        city.ground,
        new Vector3(x - 2.3, 0, -4.2 - city.ground.random()),
        city.ground.between(1, 1.7),
        city.growth,
      );
      for (let f = 0; f < 7; f++)
        city.ground.add(
          new BoxGeometry(0.09, 0.55, 0.05),
          new Color("#f1eee6"),
          "land",
          "lit",
          place(x - 2.2 + f * 0.34, 0.28, -2.3),
        );
    }
    for (let x = -12; x <= 12; x += 8) lamp(city, x, -1);
    if (shape[0]! > 0.5) skyline(city, -46, -36, 36, 5, 10);
    else
      for (let x = -24; x <= 24; x += 3)
        addTree(city.ground, new Vector3(x + city.ground.between(-1, 1), 0, -18), 2, city.growth);
    return undefined;
  },
};
