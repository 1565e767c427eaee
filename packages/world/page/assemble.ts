import { BufferAttribute, BufferGeometry, Vector3, type Matrix4 } from "three";
import { mergeGeometries } from "three/examples/jsm/utils/BufferGeometryUtils.js";
import type { ProductLook } from "../src/products/look.ts";
import type { ProductScene } from "../src/products/scene.ts";
import { HIDES_INSIDE, settleInside } from "./hidden-sides.ts";
import { Kit, type Piece, type Stone } from "./kit.ts";
import { decorate } from "./ornaments.ts";
import type { Frame } from "./products/frame.ts";
import { BUILDERS } from "./products/index.ts";
import { posture, warpGeometry, warpRigid, type Warp } from "./warp.ts";

/** A product ready to be drawn: geometry by slot and part, stones, and the stand. */
export interface Assembly {
  readonly pieces: readonly Piece[];
  readonly stones: readonly Stone[];
  readonly stand: readonly Piece[];
}

/** Builds a scene's product; without a look, as it is before any emotion (for its place, its shadow and its stand). */
export function assemble(scene: ProductScene, look: ProductLook | undefined): Assembly {
  const kit = new Kit(scene.category, scene.identity, scene.seed);
  const frame = BUILDERS[scene.category](kit);
  if (look !== undefined) {
    decorate(kit, look);
    const warp = bend(scene, look, frame);
    if (warp !== undefined) {
      for (const piece of kit.pieces) warpGeometry(piece.geometry, warp);
      kit.stones.forEach((stone, i) => (kit.stones[i] = { ...stone, matrix: warpRigid(stone.matrix, warp) }));
    }
  }
  // A cut stone shows its facets: its corners are not shared.
  kit.pieces.forEach((piece, i) => {
    if (piece.slot !== "facet" && piece.slot !== "accentFacet") return;
    const geometry = piece.geometry.index === null ? piece.geometry : piece.geometry.toNonIndexed();
    geometry.computeVertexNormals();
    kit.pieces[i] = { ...piece, geometry };
  });
  return { pieces: merge(kit.pieces), stones: kit.stones, stand: merge(kit.stand) };
}

/** The side in x to which a thing of this seed sinks. */
export function sinkingSide(seed: number): number {
  return seed % 2 === 0 ? 1 : -1;
}

function bend(scene: ProductScene, look: ProductLook, frame: Frame): Warp | undefined {
  const { pivots = [0], fixed, free, strength = 1, roughness = 1 } = frame;
  const side = sinkingSide(scene.seed);
  const one = posture(look, { fixed, free, side, strength, roughness, seed: scene.seed % 1000 });
  if (one === undefined) return undefined;
  const snug = scene.category === "necklace" || scene.category === "bracelet" || scene.category === "clothes";
  const standing = free > fixed;
  return (p) => {
    let pivot = pivots[0]!;
    for (const x of pivots) if (Math.abs(p.x - x) < Math.abs(p.x - pivot)) pivot = x;
    p.x -= pivot;
    const before = Math.sqrt(p.x * p.x + p.z * p.z);
    one(p);
    // What is worn must not sink into what wears it.
    if (snug) {
      const after = Math.sqrt(p.x * p.x + p.z * p.z);
      if (after < before && after > 1e-6) {
        p.x *= before / after;
        p.z *= before / after;
      }
    }
    p.x += pivot;
    if (standing && p.y < 0.004) p.y = 0.004;
  };
}

/** One geometry per slot and part. */
function merge(pieces: readonly Piece[]): Piece[] {
  const groups = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const key = `${piece.slot}/${piece.part}`;
    groups.set(key, [...(groups.get(key) ?? []), piece]);
  }
  return [...groups.values()].map((group) => ({
    ...group[0]!,
    geometry:
      group.length === 1 ? unify(group[0]!.geometry) : mergeGeometries(group.map((piece) => unify(piece.geometry))),
  }));
}

/** Position, normal, uv, what is hidden, and an index: nothing else, so that geometries merge. */
function unify(geometry: BufferGeometry): BufferGeometry {
  const count = geometry.getAttribute("position").count;
  if (geometry.index === null) geometry.setIndex(Array.from({ length: count }, (_, i) => i));
  for (const name of Object.keys(geometry.attributes))
    if (!["position", "normal", "uv", HIDES_INSIDE].includes(name)) geometry.deleteAttribute(name);
  if (!geometry.hasAttribute("normal")) geometry.computeVertexNormals();
  if (!geometry.hasAttribute("uv")) geometry.setAttribute("uv", new BufferAttribute(new Float32Array(count * 2), 2));
  settleInside(geometry);
  geometry.morphAttributes = {};
  return geometry;
}

/** Every eighth vertex of the pieces and the centres of the stones: enough to frame a picture. */
export function samplePoints(assembly: Assembly): Vector3[] {
  const points: Vector3[] = [];
  for (const { geometry } of assembly.pieces) {
    const position = geometry.getAttribute("position");
    for (let i = 0; i < position.count; i += 8) points.push(new Vector3().fromBufferAttribute(position, i));
  }
  for (const { matrix } of assembly.stones) points.push(new Vector3().setFromMatrixPosition(matrix as Matrix4));
  return points;
}
