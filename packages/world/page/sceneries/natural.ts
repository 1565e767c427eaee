import { Color, SphereGeometry, Vector3 } from "three";
import type { SceneryScene } from "../../src/sceneries/scene.ts";
import { place } from "../kit.ts";
import { mix, noise, smooth, surface } from "../shapes.ts";
import { addConifer, addPalm, addRock, addTree, type Ground, type Growth } from "./ground.ts";

/** Where water lies and how deep its colour is. */
export interface Waters {
  readonly level: number;
  readonly deep: Color;
  readonly chop: number;
}

interface Land {
  readonly height: (x: number, z: number) => number;
  readonly colour: (p: Vector3, n: Vector3) => Color;
  readonly water?: Waters;
}

const SAND = new Color("#dcc79a");
const ROCK = new Color("#827b74");
const SNOW = new Color("#f1f4f7");
const SOIL = new Color("#6e5a41");

/** Builds a natural place: ground, water and what grows on it. Only the growth comes from the mood. */
export function buildNatural(ground: Ground, scene: SceneryScene, growth: Growth): Waters | undefined {
  const land = (LANDS[scene.identity.family] ?? LANDS["meadow"]!)(scene, growth);
  const geometry = surface(
    150,
    130,
    (u, v) => {
      const z = 8 - v ** 1.7 * 74;
      const x = (u - 0.5) * (22 + v * 100);
      return [x, land.height(x, z), z];
    },
    { flip: false },
  );
  ground.add(geometry, land.colour, "land");
  plant(ground, scene, land, growth);
  return land.water;
}

function plant(ground: Ground, scene: SceneryScene, land: Land, growth: Growth): void {
  const { family, shape } = scene.identity;
  const dense = { forest: 120, lake: 60, meadow: 26, beach: 9, desert: 10, canyon: 30, island: 26 }[family] ?? 30;
  const count = Math.round(dense * (0.7 + 0.6 * shape[3]!));
  for (let i = 0; i < count; i++) {
    const z = 4 - ground.random() ** (family === "forest" ? 1.1 : 0.8) * 44;
    const reach = 3 + (8 - z) * 0.75;
    const x = (ground.random() - 0.5) * 2 * reach;
    const size = ground.between(0.8, 1.6) * (family === "forest" ? 1.9 : 1.15);
    const y = land.height(x, z);
    const inWater = land.water !== undefined && y < land.water.level + 0.08;
    const inView = (Math.abs(x) < 1.7 && z > -7) || z > 1.5;
    if (inWater || inView || (family === "meadow" && z > -5)) continue;
    const at = new Vector3(x, y - 0.05, z);
    if (family === "desert") {
      if (ground.random() < 0.55) addRock(ground, at, size * 0.5, new Color("#a77f58"));
      else addCactus(ground, at, size, growth);
    } else if (family === "beach") addPalm(ground, at, size * 1.2, growth);
    else if (family === "lake" || (family === "canyon" && y > 0.5) || (family === "forest" && shape[4]! > 0.55))
      addConifer(ground, at, size * 1.3, growth);
    else if (ground.random() < 0.12) addRock(ground, at, size * 0.35, ROCK);
    else addTree(ground, at, size, growth);
  }
  const flowers = Math.round((family === "meadow" ? 360 : 120) * growth.flowers);
  const colours = [growth.leaves[0]!, new Color("#ffd23e"), new Color("#ffffff"), new Color("#e4572e")];
  for (let i = 0; i < flowers; i++) {
    const z = 5.5 - ground.random() * 13;
    const x = (ground.random() - 0.5) * (6 + (8 - z) * 1.2);
    const y = land.height(x, z);
    if (land.water !== undefined && y < land.water.level + 0.05) continue;
    ground.add(
      new SphereGeometry(ground.between(0.035, 0.075), 6, 4),
      colours[i % colours.length]!,
      "plants",
      "lit",
      place(x, y + ground.between(0.08, 0.2), z),
    );
  }
}

function addCactus(ground: Ground, at: Vector3, size: number, growth: Growth): void {
  const colour = new Color("#557a45").lerp(growth.leaves[0]!, growth.fullness < 0.7 ? 0.6 : 0.15);
  const stem = (x: number, y: number, h: number): void =>
    ground.add(
      new SphereGeometry(size * 0.14, 12, 10),
      colour,
      "plants",
      "lit",
      place(at.x + x * size, at.y + (y + h / 2) * size, at.z, [0, 0, 0], [1, (h / 2) * 7.2, 1]),
    );
  stem(0, 0, 1.1);
  stem(0.26, 0.45, 0.5);
  stem(-0.24, 0.3, 0.45);
}

function hills(x: number, z: number, seed: number, scale: number, tall: number): number {
  return (
    (noise(x * scale + seed, z * scale, seed) * 0.6 +
      noise(x * scale * 2.1, z * scale * 2.1 + seed, seed + 1) * 0.28 +
      noise(x * scale * 4.4, z * scale * 4.4, seed + 2) * 0.12 -
      0.5) *
    2 *
    tall
  );
}

function grassy(growth: Growth, seed: number, rocky = 0.75): Land["colour"] {
  return (p, n) => {
    const patch = noise(p.x * 0.5, p.z * 0.5, seed) * 0.25 + noise(p.x * 3, p.z * 3, seed) * 0.15;
    const c = growth.grass.clone().multiplyScalar(0.8 + patch);
    return c.lerp(ROCK, smooth(rocky, rocky - 0.25, Math.abs(n.y)));
  };
}

const LANDS: Readonly<Record<string, (scene: SceneryScene, growth: Growth) => Land>> = {
  lake({ identity }, growth) {
    const seed = identity.layout % 1000;
    const tall = 7 + identity.shape[0]! * 9;
    const height = (x: number, z: number): number => {
      const basin = smooth(2, -2, z) * smooth(-26, -19, z) * smooth(16 + identity.shape[1]! * 8, 10, Math.abs(x + 2));
      const mountains =
        smooth(-22, -46, z) *
        (tall * (0.35 + noise(x * 0.075 + 9, 3.3, seed) ** 1.4) + hills(x, z, seed + 7, 0.22, 1.8));
      return hills(x, z, seed, 0.16, 0.5) + 0.35 - basin * 1.6 + mountains;
    };
    const grass = grassy(growth, seed);
    return {
      height,
      colour: (p, n) => {
        const high = smooth(2.5, 5, p.y);
        return grass(p, n)
          .lerp(ROCK.clone().multiplyScalar(0.75 + 0.4 * noise(p.x * 0.9, p.y * 1.3, seed)), high)
          .lerp(SNOW, smooth(tall * 0.52, tall * 0.66, p.y + hills(p.x, p.z, seed, 0.5, 0.6)));
      },
      water: { level: 0, deep: new Color("#2f6a7c"), chop: 0.6 },
    };
  },
  forest({ identity }, growth) {
    const seed = identity.layout % 1000;
    const height = (x: number, z: number): number =>
      hills(x, z, seed, 0.14, 0.7) + smooth(2, 12, Math.abs(x)) * 0.8 + smooth(-20, -50, z) * 4;
    const grass = grassy(growth, seed);
    return {
      height,
      colour: (p, n) => grass(p, n).lerp(SOIL, smooth(1.4, 0.5, Math.abs(p.x - Math.sin(p.z * 0.25) * 1.5)) * 0.75),
    };
  },
  meadow({ identity }, growth) {
    const seed = identity.layout % 1000;
    const height = (x: number, z: number): number =>
      hills(x, z, seed, 0.08, 1.5 + identity.shape[0]!) * smooth(6, -8, z) +
      smooth(-26, -60, z) * (3 + 4 * noise(x * 0.06, 1, seed));
    return { height, colour: grassy(growth, seed, 0.6) };
  },
  beach({ identity }, growth) {
    const seed = identity.layout % 1000;
    const shore = (z: number): number => -1.5 + Math.sin(z * 0.18 + seed) * 1.2;
    const side = identity.shape[1]! > 0.5 ? 1 : -1;
    const height = (x: number, z: number): number => {
      const inland = (x * side - shore(z)) * 0.16;
      return (
        Math.max(-1.2, inland) + 0.05 * hills(x, z, seed, 0.8, 1) + smooth(-30, -60, z) * smooth(2, 14, x * side) * 7
      );
    };
    return {
      height,
      colour: (p) =>
        SAND.clone()
          .multiplyScalar(0.9 + 0.12 * noise(p.x * 4, p.z * 4, seed))
          .lerp(new Color("#a98f63"), smooth(0.16, 0.02, p.y))
          .lerp(growth.grass, smooth(1.1, 2, p.y)),
      water: { level: 0, deep: new Color("#1f7f8f"), chop: 1.3 },
    };
  },
  desert({ identity }) {
    const seed = identity.layout % 1000;
    const height = (x: number, z: number): number => {
      const ridge = 1 - Math.abs(noise(x * 0.06 + z * 0.03, z * 0.09, seed) * 2 - 1);
      return (
        ridge ** 1.8 * (2.2 + identity.shape[0]! * 2) * smooth(7, -6, z) -
        0.6 +
        0.025 * Math.sin(x * 5 + Math.sin(z * 2) * 2 + z * 3) +
        smooth(-30, -64, z) * 4 * noise(x * 0.08, 2, seed)
      );
    };
    return {
      height,
      colour: (p, n) =>
        new Color("#d9a668")
          .lerp(new Color("#b9743c"), smooth(1, 0.7, n.y) * 0.8)
          .multiplyScalar(0.92 + 0.1 * noise(p.x * 3, p.z * 3, seed)),
    };
  },
  canyon({ identity }, growth) {
    const seed = identity.layout % 1000;
    const height = (x: number, z: number): number => {
      const bend = Math.sin(z * 0.12 + identity.shape[2]! * 6) * 2;
      const wall = smooth(2.2, 6.5 + hills(x, z, seed, 0.3, 1), Math.abs(x - bend)) * (6 + identity.shape[0]! * 5);
      return -0.5 + (Math.round(wall * 1.4) / 1.4) * 0.6 + wall * 0.4 + hills(x, z, seed, 0.5, 0.22);
    };
    const layers = [new Color("#b5653c"), new Color("#cf8a55"), new Color("#9a4f33"), new Color("#d8a372")];
    return {
      height,
      colour: (p, n) => {
        const band = Math.abs(Math.floor(p.y * 1.3 + noise(p.x * 0.3, p.z * 0.3, seed))) % layers.length;
        return layers[band]!.clone()
          .multiplyScalar(0.9 + 0.2 * noise(p.x * 2, p.y * 6, seed))
          .lerp(growth.grass, smooth(0.88, 0.97, n.y) * 0.55);
      },
      water: { level: -0.28, deep: new Color("#3d7466"), chop: 0.8 },
    };
  },
  island({ identity }, growth) {
    const seed = identity.layout % 1000;
    const [cx, cz] = [mix(-3, 3, identity.shape[1]!), -14];
    const height = (x: number, z: number): number => {
      const r = Math.hypot((x - cx) / 1.5, z - cz);
      const island = smooth(7.5, 0.5, r + hills(x, z, seed, 0.35, 1.1)) * (3.2 + identity.shape[0]! * 3);
      const far = smooth(-44, -62, z) * 4 * Math.max(0, noise(x * 0.06, 1, seed) - 0.35) * 2;
      const near = smooth(4.4, 6.2, z + hills(x, z, seed, 0.6, 0.4)) * 0.7;
      return -0.8 + island + far + near;
    };
    const grass = grassy(growth, seed, 0.86);
    return {
      height,
      colour: (p, n) =>
        SAND.clone()
          .lerp(ROCK, 0.4)
          .lerp(grass(p, n), smooth(0.25, 0.8, p.y)),
      water: { level: 0, deep: new Color("#21637f"), chop: 1.5 },
    };
  },
};
