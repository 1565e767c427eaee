import { BufferGeometry, Matrix4, Quaternion, Vector3 } from "three";
import type { PartName } from "../src/parts.ts";
import type { ProductCategory } from "../src/products/catalogue.ts";
import type { ProductIdentity } from "../src/products/identity.ts";
import { seeded } from "./shapes.ts";

/** What a piece is made of; `materials.ts` turns each into a real material for the scene's identity and look. */
export type Slot =
  | "body"
  | "accent"
  | "metal"
  | "dark"
  | "facet"
  | "accentFacet"
  | "pearl"
  | "stem"
  | "stand"
  | "standMetal"
  | "standWood";

/** A part as builders name it; the small metal and trimmings of a product count as the product. */
export type BuilderPart = PartName | "band" | "clasp" | "trim";

export interface Piece {
  readonly geometry: BufferGeometry;
  readonly slot: Slot;
  readonly part: PartName;
}

export interface Stone {
  readonly matrix: Matrix4;
  /** A cut by name; the look may replace the identity's own. */
  readonly cut: string;
  readonly colour: "main" | "accent" | "clear";
  readonly part: PartName;
}

/** A place where an ornament may sit: `out` points away from the product, `hang` lets it hang from there. */
export interface Anchor {
  readonly at: Vector3;
  readonly out: Vector3;
  readonly size: number;
  readonly hang: boolean;
}

/** Collects what a product is made of. The stand belongs to the picture, not to the product. */
export class Kit {
  readonly pieces: Piece[] = [];
  readonly stones: Stone[] = [];
  readonly anchors: Anchor[] = [];
  readonly stand: Piece[] = [];
  readonly identity: ProductIdentity;
  readonly random: () => number;

  readonly category: ProductCategory;

  constructor(category: ProductCategory, identity: ProductIdentity, seed: number) {
    this.category = category;
    this.identity = identity;
    this.random = seeded(seed);
  }

  /** The i-th proportion of the identity, mapped to low..high. */
  shape(i: number, low: number, high: number): number {
    return low + (high - low) * this.identity.shape[i]!;
  }

  add(slot: Slot, part: BuilderPart, geometry: BufferGeometry, matrix?: Matrix4): void {
    if (matrix !== undefined) geometry.applyMatrix4(matrix);
    this.pieces.push({ geometry, slot, part: this.partOf(part) });
  }

  private partOf(part: BuilderPart): PartName {
    const minor =
      part === "band" || part === "clasp" || part === "trim" || (part === "handle" && this.category === "vase");
    return minor ? this.category : part;
  }

  support(slot: Slot, geometry: BufferGeometry, matrix?: Matrix4): void {
    if (matrix !== undefined) geometry.applyMatrix4(matrix);
    this.stand.push({ geometry, slot, part: "other" });
  }

  /** A stone at `at`, its table towards `up`, `size` across. */
  stone(
    at: Vector3,
    up: Vector3,
    size: number,
    part: PartName,
    colour: Stone["colour"] = "main",
    cut = this.identity.cut,
  ): void {
    this.stones.push({ matrix: facing(at, up, size / 2), cut, colour, part });
  }

  anchor(at: Vector3, out: Vector3, size: number, hang = false): void {
    this.anchors.push({ at, out: out.clone().normalize(), size, hang });
  }

  /** Moves everything that was added so far, the stand excepted. */
  move(matrix: Matrix4): void {
    for (const piece of this.pieces) piece.geometry.applyMatrix4(matrix);
    for (const stone of this.stones) stone.matrix.premultiply(matrix);
    for (const anchor of this.anchors) {
      anchor.at.applyMatrix4(matrix);
      anchor.out.transformDirection(matrix);
    }
  }
}

/** The matrix that puts a thing made about the origin (y up) at `at` with its y towards `up`. */
export function facing(at: Vector3, up: Vector3, scale: number | Vector3 = 1): Matrix4 {
  const turn = new Quaternion().setFromUnitVectors(new Vector3(0, 1, 0), up.clone().normalize());
  return new Matrix4().compose(at, turn, typeof scale === "number" ? new Vector3(scale, scale, scale) : scale);
}

/** A translation, then optionally turns about x, y, z (radians) and a scale, as one matrix. */
export function place(
  x: number,
  y: number,
  z: number,
  turn: readonly [number, number, number] = [0, 0, 0],
  scale: number | readonly [number, number, number] = 1,
): Matrix4 {
  const s = typeof scale === "number" ? ([scale, scale, scale] as const) : scale;
  const q = new Quaternion()
    .setFromAxisAngle(new Vector3(0, 1, 0), turn[1])
    .multiply(new Quaternion().setFromAxisAngle(new Vector3(1, 0, 0), turn[0]))
    .multiply(new Quaternion().setFromAxisAngle(new Vector3(0, 0, 1), turn[2]));
  return new Matrix4().compose(new Vector3(x, y, z), q, new Vector3(...s));
}
