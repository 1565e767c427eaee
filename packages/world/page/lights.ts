import {
  BackSide,
  BoxGeometry,
  Color,
  FrontSide,
  Mesh,
  MeshBasicMaterial,
  PMREMGenerator,
  Scene,
  Vector3,
  type Texture,
  type WebGLRenderer,
} from "three";

/** A way to light a set: what reflections show, and one key light that casts shadows. */
export interface LightSetup {
  readonly environment: Texture;
  readonly environmentStrength: number;
  readonly key: Vector3;
  readonly keyColour: Color;
  readonly keyStrength: number;
  /** Softness of shadows, in shadow map pixels. */
  readonly soft: number;
  /** Casts the shadow of a window's bars. */
  readonly bars: boolean;
  /** Tint of the background's own light. */
  readonly wall: number;
}

type Panel = readonly [
  x: number,
  y: number,
  z: number,
  w: number,
  h: number,
  d: number,
  strength: number,
  tint?: number,
];

interface Recipe extends Omit<LightSetup, "environment" | "keyColour" | "key"> {
  readonly walls: number;
  readonly floor: number;
  readonly level: number;
  readonly panels: readonly Panel[];
  readonly keyColour: number;
  readonly key: readonly [number, number, number];
}

/** The rooms whose light falls on the product; a panel is a lamp, given by centre, size and strength. */
const RECIPES: Readonly<Record<string, Recipe>> = {
  studio: {
    walls: 0xb9b9bb,
    floor: 0x9a9896,
    level: 0.75,
    environmentStrength: 0.85,
    panels: [
      [-4.2, 3, 1.5, 0.2, 4.5, 3, 16],
      [4.4, 2.6, 0, 0.2, 3.6, 1.6, 9],
      [0, 5.4, 0, 4, 0.2, 3, 12],
      [1.6, 1, 5.2, 0.8, 3.6, 0.2, 5],
    ],
    key: [2.2, 4.2, 3],
    keyColour: 0xfffaf2,
    keyStrength: 1.5,
    soft: 7,
    bars: false,
    wall: 1,
  },
  window: {
    walls: 0x9c9186,
    floor: 0x7b6a58,
    level: 0.5,
    environmentStrength: 0.75,
    panels: [
      [-5.2, 2.8, -0.9, 0.1, 2.2, 1.1, 30, 0xf3f7ff],
      [-5.2, 2.8, 0.5, 0.1, 2.2, 1.1, 30, 0xf3f7ff],
      [-5.2, 0.7, -0.9, 0.1, 1.6, 1.1, 22, 0xf3f7ff],
      [-5.2, 0.7, 0.5, 0.1, 1.6, 1.1, 22, 0xf3f7ff],
    ],
    key: [-4, 3.4, 2.2],
    keyColour: 0xfff1d8,
    keyStrength: 2.6,
    soft: 3,
    bars: true,
    wall: 0.96,
  },
  daylight: {
    walls: 0xcfe0f2,
    floor: 0xb5ab9c,
    level: 1.2,
    environmentStrength: 0.95,
    panels: [
      [-2, 5.4, 2, 1.4, 0.1, 1.4, 40, 0xfff6e0],
      [4.8, 2, 0, 0.1, 4, 6, 3],
    ],
    key: [-2.2, 4.6, 2.4],
    keyColour: 0xfff4df,
    keyStrength: 2.4,
    soft: 2.5,
    bars: false,
    wall: 1.05,
  },
  lamp: {
    walls: 0x9a8470,
    floor: 0x7d6653,
    level: 0.55,
    environmentStrength: 0.8,
    panels: [
      [3.4, 3.4, 2.4, 1.2, 1, 1.2, 34, 0xffdcb4],
      [-4.8, 2, -1, 0.1, 2, 2, 4, 0xffeeda],
      [0, 5.4, 0, 3, 0.1, 2, 3, 0xffdcb4],
    ],
    key: [2.6, 3.2, 2.4],
    keyColour: 0xffe0bd,
    keyStrength: 2.1,
    soft: 8,
    bars: false,
    wall: 0.96,
  },
  gallery: {
    walls: 0x8f9094,
    floor: 0x6f6d6a,
    level: 0.5,
    environmentStrength: 0.85,
    panels: [
      [-1.8, 5.3, 1.6, 0.7, 0.1, 0.7, 60],
      [1.8, 5.3, 1.6, 0.7, 0.1, 0.7, 60],
      [0, 5.3, -2, 0.7, 0.1, 0.7, 50],
      [-5, 2.4, 0, 0.1, 0.5, 5, 10],
      [5, 2.4, 0, 0.1, 0.5, 5, 10],
    ],
    key: [0.8, 5, 2.2],
    keyColour: 0xfff3e2,
    keyStrength: 2.5,
    soft: 4,
    bars: false,
    wall: 0.94,
  },
  dim: {
    walls: 0x6d727c,
    floor: 0x5a5754,
    level: 0.5,
    environmentStrength: 0.95,
    panels: [
      [-5, 2.4, 0.6, 0.1, 4, 1.2, 22, 0xf2f5ff],
      [5, 3, -1.6, 0.1, 3, 0.7, 13, 0xffe8d0],
      [0, 5.4, 1, 2, 0.1, 0.5, 6],
    ],
    key: [-3.8, 2.6, 2],
    keyColour: 0xf4f2ff,
    keyStrength: 2.2,
    soft: 6,
    bars: false,
    wall: 0.9,
  },
};

const setups = new Map<string, LightSetup>();
let generator: PMREMGenerator | undefined;

/** The light of a name; its reflections are prepared once. `mirrored` moves it to the other side. */
export function findLight(renderer: WebGLRenderer, name: string, mirrored: boolean): LightSetup {
  const recipe = RECIPES[name] ?? RECIPES["studio"]!;
  let found = setups.get(name);
  if (found === undefined) {
    const room = new Scene();
    const add = (
      size: readonly [number, number, number],
      at: readonly [number, number, number],
      colour: Color,
      inside = false,
    ): void => {
      const mesh = new Mesh(
        new BoxGeometry(...size),
        new MeshBasicMaterial({ color: colour, side: inside ? BackSide : FrontSide }),
      );
      mesh.position.set(...at);
      room.add(mesh);
    };
    add([11, 7, 11], [0, 2.5, 0], new Color(recipe.walls).multiplyScalar(recipe.level), true);
    add([10.9, 0.1, 10.9], [0, -0.9, 0], new Color(recipe.floor).multiplyScalar(recipe.level));
    for (const [x, y, z, w, h, d, strength, tint = 0xffffff] of recipe.panels)
      add([w, h, d], [x, y, z], new Color(tint).multiplyScalar(strength));
    // One generator for all: it compiles its own shaders once.
    generator ??= new PMREMGenerator(renderer);
    const environment = generator.fromScene(room, 0, 0.1, 30, { size: 128 }).texture;
    found = { ...recipe, environment, key: new Vector3(...recipe.key), keyColour: new Color(recipe.keyColour) };
    setups.set(name, found);
  }
  return mirrored ? { ...found, key: new Vector3(-recipe.key[0], recipe.key[1], recipe.key[2]) } : found;
}
