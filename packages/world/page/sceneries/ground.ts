import {
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  CircleGeometry,
  Color,
  ConeGeometry,
  CylinderGeometry,
  IcosahedronGeometry,
  SphereGeometry,
  Matrix4,
  Vector3,
} from "three";
import type { PartName } from "../../src/parts.ts";
import { place } from "../kit.ts";
import { seeded, surface, tube } from "../shapes.ts";

/** How a piece is lit: by the scene's light, by itself, or as a thin glow laid over what is behind. */
export type Shine = "lit" | "glow" | "veil";

export interface ScenePiece {
  readonly geometry: BufferGeometry;
  readonly shine: Shine;
  readonly part: PartName | undefined;
}

/** Collects coloured pieces of a place; colours lie in the vertices, so that a place needs few materials. */
export class Ground {
  readonly pieces: ScenePiece[] = [];
  readonly random: () => number;

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** Adds a geometry in one colour, or in a colour by vertex. */
  add(
    geometry: BufferGeometry,
    colour: Color | ((p: Vector3, n: Vector3) => Color),
    part: PartName | undefined,
    shine: Shine = "lit",
    matrix?: Matrix4,
  ): void {
    if (matrix !== undefined) geometry.applyMatrix4(matrix);
    const position = geometry.getAttribute("position");
    const normal = geometry.getAttribute("normal");
    const colours = new Float32Array(position.count * 3);
    const [p, n] = [new Vector3(), new Vector3()];
    for (let i = 0; i < position.count; i++) {
      const c =
        colour instanceof Color ? colour : colour(p.fromBufferAttribute(position, i), n.fromBufferAttribute(normal, i));
      colours.set([c.r, c.g, c.b], i * 3);
    }
    geometry.setAttribute("color", new BufferAttribute(colours, 3));
    geometry.deleteAttribute("uv");
    this.pieces.push({ geometry, shine, part });
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.random();
  }
}

/** Colours of grass and leaves, and how full the crowns are, by growth. */
export interface Growth {
  readonly grass: Color;
  readonly leaves: readonly Color[];
  readonly fullness: number;
  readonly flowers: number;
}

const GROWTHS: Readonly<
  Record<string, readonly [grass: string, leaves: readonly string[], fullness: number, flowers: number]>
> = {
  plain: ["#7f9a56", ["#5f8a45", "#6b924c"], 1, 0.1],
  lush: ["#4f9a3c", ["#2f7d35", "#3f9442", "#57a548"], 1.15, 0.3],
  blossom: ["#6aa953", ["#f4b3cb", "#fbd3e0", "#f7f1ee"], 1.05, 1],
  autumn: ["#a88c4a", ["#c8641f", "#d99a2b", "#a83a1f"], 0.9, 0],
  bare: ["#8b8470", ["#6f675a"], 0, 0],
  withered: ["#96824c", ["#8a7038", "#7a6638"], 0.45, 0],
};

/** Growth by name; blossom takes on the mood's colour. */
export function readGrowth(name: string, tint: Color): Growth {
  const [grass, leaves, fullness, flowers] = GROWTHS[name] ?? GROWTHS["plain"]!;
  const colours = leaves.map((hex) => new Color(hex));
  if (name === "blossom") colours[0]!.lerp(tint, 0.45);
  return { grass: new Color(grass), leaves: colours, fullness, flowers };
}

const BARK = new Color("#5b4534");

/** A broad tree whose crown follows the growth; bare trees show their branches. */
export function addTree(ground: Ground, at: Vector3, size: number, growth: Growth): void {
  const random = seeded(Math.round(at.x * 97 + at.z * 31) + 5);
  const lean = (random() - 0.5) * 0.3;
  const top = new Vector3(at.x + lean * size, at.y + size * 0.95, at.z);
  ground.add(
    tube(
      [
        at,
        at
          .clone()
          .lerp(top, 0.5)
          .add(new Vector3(lean * 0.2, 0, 0)),
        top,
      ],
      (v) => size * (0.085 - v * 0.05),
      { columns: 7, rows: 6 },
    ),
    BARK,
    "plants",
  );
  for (let i = 0; i < 9; i++) {
    const angle = i * 2.4 + random();
    const from = at.clone().lerp(top, 0.45 + random() * 0.4);
    const to = from
      .clone()
      .add(new Vector3(Math.sin(angle) * size * 0.42, size * (0.25 + random() * 0.3), Math.cos(angle) * size * 0.42));
    if (growth.fullness < 0.7)
      ground.add(
        tube(
          [
            from,
            from
              .clone()
              .lerp(to, 0.5)
              .add(new Vector3(0, size * 0.05, 0)),
            to,
          ],
          (v) => size * (0.03 - v * 0.024),
          { columns: 5, rows: 5 },
        ),
        BARK,
        "plants",
      );
    if (growth.fullness > 0 && random() < growth.fullness + 0.1) {
      const r = size * (0.2 + random() * 0.13) * Math.sqrt(growth.fullness);
      const colour = growth.leaves[Math.floor(random() * growth.leaves.length)]!.clone().multiplyScalar(
        0.85 + random() * 0.25,
      );
      ground.add(
        bumpy(r, random),
        (_p, n) => colour.clone().multiplyScalar(0.72 + 0.28 * Math.max(0, n.y)),
        "plants",
        "lit",
        place(to.x, to.y, to.z, [0, random() * 3, 0], [1, 0.82, 1]),
      );
    }
  }
  if (growth.fullness > 0.6)
    ground.add(bumpy(size * 0.4, random), growth.leaves[0]!, "plants", "lit", place(top.x, top.y + size * 0.25, top.z));
}

function bumpy(radius: number, random: () => number): BufferGeometry {
  const geometry = new SphereGeometry(radius, 14, 10);
  const position = geometry.getAttribute("position");
  const offset = random() * 10;
  for (let i = 0; i < position.count; i++) {
    const [x, y, z] = [position.getX(i), position.getY(i), position.getZ(i)];
    const s =
      1 + 0.14 * Math.sin((x / radius) * 5 + offset) * Math.sin((y / radius) * 6 + offset) * Math.sin((z / radius) * 5);
    position.setXYZ(i, x * s, y * s, z * s);
  }
  geometry.computeVertexNormals();
  return geometry;
}

/** A conifer; withered ones are thin and brown, bare ones a stem with twigs. */
export function addConifer(ground: Ground, at: Vector3, size: number, growth: Growth): void {
  ground.add(
    new CylinderGeometry(size * 0.02, size * 0.06, size * 1.2, 6),
    BARK,
    "plants",
    "lit",
    place(at.x, at.y + size * 0.6, at.z),
  );
  const snowy = growth.leaves[0]!;
  const green = new Color("#2c5a3a").lerp(snowy, growth.fullness > 1 ? 0.25 : 0.45);
  if (growth.fullness === 0) return;
  for (let i = 0; i < 5; i++) {
    const t = i / 4;
    const cone = new ConeGeometry(size * (0.42 - t * 0.3) * Math.sqrt(Math.max(0.4, growth.fullness)), size * 0.5, 9);
    const shade = green.clone().multiplyScalar(0.85 + t * 0.3);
    ground.add(
      cone,
      (p, n) => shade.clone().multiplyScalar(0.7 + 0.3 * Math.max(0, n.y) + 0.04 * Math.sin(p.x * 9)),
      "plants",
      "lit",
      place(at.x, at.y + size * (0.42 + t * 0.8), at.z, [0, i, 0]),
    );
  }
}

export function addPalm(ground: Ground, at: Vector3, size: number, growth: Growth): void {
  const top = at.clone().add(new Vector3(size * 0.35, size * 1.5, 0));
  ground.add(
    tube([at, at.clone().add(new Vector3(size * 0.08, size * 0.8, 0)), top], (v) => size * (0.07 - v * 0.03), {
      columns: 7,
      rows: 10,
    }),
    new Color("#7d6548"),
    "plants",
  );
  if (growth.fullness === 0) return;
  for (let i = 0; i < 9; i++) {
    const a = (i / 9) * Math.PI * 2;
    const frond = surface(4, 10, (u, v) => {
      const w = Math.sin(v * Math.PI) * size * 0.12;
      const r = v * size * 0.85;
      const y = Math.sin(v * 2.4) * size * 0.22 - v * v * size * (0.5 + 0.4 * (1 - growth.fullness));
      const s = (u - 0.5) * 2 * w;
      return [Math.sin(a) * r + Math.cos(a) * s, y - Math.abs(u - 0.5) * w, Math.cos(a) * r - Math.sin(a) * s];
    });
    ground.add(frond, new Color("#4d8a3c").lerp(growth.leaves[0]!, 0.4), "plants", "lit", place(top.x, top.y, top.z));
  }
}

export function addRock(ground: Ground, at: Vector3, size: number, colour: Color): void {
  const random = seeded(Math.round(at.x * 53 + at.z * 17));
  const rock = new IcosahedronGeometry(size, 1);
  const position = rock.getAttribute("position");
  for (let i = 0; i < position.count; i++) {
    const s = 0.8 + 0.3 * Math.sin(position.getX(i) * 7 + position.getY(i) * 5 + size * 9);
    position.setXYZ(i, position.getX(i) * s, position.getY(i) * s * 0.7, position.getZ(i) * s);
  }
  rock.computeVertexNormals();
  ground.add(
    rock,
    (_p, n) => colour.clone().multiplyScalar(0.75 + 0.3 * n.y),
    "land",
    "lit",
    place(at.x, at.y + size * 0.2, at.z, [0, random() * 6, 0]),
  );
}

/** A disc of light that fades towards its rim: for halos, which are laid over what is behind. */
export function addHalo(ground: Ground, at: Vector3, radius: number, colour: Color): void {
  const disc = new CircleGeometry(radius, 20).translate(at.x, at.y, at.z);
  const black = new Color(0, 0, 0);
  ground.add(disc, (p) => colour.clone().lerp(black, Math.min(1, p.distanceTo(at) / radius)), undefined, "veil");
}

/** A box from the floor up, by its centre line. */
export function box(w: number, h: number, d: number): BufferGeometry {
  return new BoxGeometry(w, h, d).translate(0, h / 2, 0);
}
