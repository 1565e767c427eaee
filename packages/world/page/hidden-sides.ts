import { BufferAttribute, type BufferGeometry, type Mesh, MeshPhysicalMaterial, SphereGeometry, Vector3 } from "three";

/**
 * Whether the inner side of a surface may come into sight: of a solid never, of a garment at its ends (the first and last rows of its grid), of a petal
 * everywhere. What others hide costs Chromium's software renderer about as much as what is seen, and half of a solid is hidden.
 */
export type Inside = "seen" | "ends" | "hidden";

/** Three's own solids; their openings, where they have any, are closed by other pieces. */
const SOLIDS = new Set([
  "BoxGeometry",
  "ConeGeometry",
  "CylinderGeometry",
  "ExtrudeGeometry",
  "RoundedBoxGeometry",
  "SphereGeometry",
  "TorusGeometry",
]);

/** The attribute that holds the marks until a mesh is drawn. */
export const HIDES_INSIDE = "hidesInside";

/** Notes on each vertex of a grid of `columns` x `rows` cells whether its triangles hide their inner side. */
export function markInside(geometry: BufferGeometry, inside: Inside, columns: number, rows: number): void {
  if (inside === "seen") return;
  const marks = new Uint8Array((columns + 1) * (rows + 1)).fill(1);
  const open = inside === "ends" ? Math.ceil(rows * 0.15) * (columns + 1) : 0;
  marks.fill(0, 0, open).fill(0, marks.length - open);
  geometry.setAttribute(HIDES_INSIDE, new BufferAttribute(marks, 1));
}

/** Gives every geometry the marks, so that geometries merge: 0 shows both sides, 1 hides the side that its winding calls the back, 2 the front. */
export function settleInside(geometry: BufferGeometry): void {
  const { count } = geometry.getAttribute("position");
  const solid = isSolid(geometry);
  if (!geometry.hasAttribute(HIDES_INSIDE)) {
    geometry.setAttribute(HIDES_INSIDE, new BufferAttribute(new Uint8Array(count).fill(solid ? 1 : 0), 1));
  }
  if (solid || enclosedVolume(geometry) >= 0) return;
  const marks = geometry.getAttribute(HIDES_INSIDE).array;
  for (let i = 0; i < count; i++) if (marks[i] === 1) marks[i] = 2;
}

function isSolid(geometry: BufferGeometry): boolean {
  // A sphere may be made with a wedge left out.
  return SOLIDS.has(geometry.type) && !(geometry instanceof SphereGeometry && geometry.parameters.phiLength < 6.28);
}

/** Six times the volume that an indexed surface encloses, negative where it is wound inside out; openings are closed through the middle of its vertices. */
function enclosedVolume(geometry: BufferGeometry): number {
  const position = geometry.getAttribute("position");
  const index = geometry.index!.array;
  const [middle, a, b, c] = [new Vector3(), new Vector3(), new Vector3(), new Vector3()];
  for (let i = 0; i < position.count; i++) middle.add(a.fromBufferAttribute(position, i));
  middle.divideScalar(position.count);
  let volume = 0;
  for (let t = 0; t < index.length; t += 3) {
    a.fromBufferAttribute(position, index[t]!).sub(middle);
    b.fromBufferAttribute(position, index[t + 1]!).sub(middle);
    c.fromBufferAttribute(position, index[t + 2]!).sub(middle);
    volume += a.dot(b.cross(c));
  }
  return volume;
}

/**
 * Leaves out what `eye` (in the mesh's own space) cannot see of a settled geometry: triangles whose inner side faces the eye, unless one sees through them.
 * Shadows are cast by all.
 */
export function drawSeenSides(mesh: Mesh<BufferGeometry>, eye: Vector3): void {
  const { geometry, material } = mesh;
  const marks = geometry.getAttribute(HIDES_INSIDE).array;
  geometry.deleteAttribute(HIDES_INSIDE);
  if (isClear(material)) return;
  const position = geometry.getAttribute("position").array;
  const order = geometry.index!.array;
  const sorted = new (order.constructor as Uint16ArrayConstructor)(order.length);
  let [seen, hidden] = [0, order.length];
  for (let t = 0; t < order.length; t += 3) {
    const [a, b, c] = [order[t]!, order[t + 1]!, order[t + 2]!];
    // A triangle between marked and unmarked vertices may be seen from both sides.
    const mark = Math.min(marks[a]!, marks[b]!, marks[c]!);
    const hides = mark > 0 && isFacing(position, a * 3, b * 3, c * 3, eye) === (mark === 2);
    const at = hides ? (hidden -= 3) : seen;
    if (!hides) seen += 3;
    sorted[at] = a;
    sorted[at + 1] = b;
    sorted[at + 2] = c;
  }
  order.set(sorted);
  geometry.setDrawRange(0, seen);
  mesh.onBeforeShadow = () => geometry.setDrawRange(0, Infinity);
  mesh.onAfterShadow = () => geometry.setDrawRange(0, seen);
}

function isClear(material: Mesh["material"]): boolean {
  if (Array.isArray(material)) return material.some(isClear);
  return material.transparent || (material instanceof MeshPhysicalMaterial && material.transmission > 0);
}

function isFacing(position: ArrayLike<number>, a: number, b: number, c: number, eye: Vector3): boolean {
  const [ax, ay, az] = [position[a]!, position[a + 1]!, position[a + 2]!];
  const [bx, by, bz] = [position[b]! - ax, position[b + 1]! - ay, position[b + 2]! - az];
  const [cx, cy, cz] = [position[c]! - ax, position[c + 1]! - ay, position[c + 2]! - az];
  return (
    (by * cz - bz * cy) * (eye.x - ax) + (bz * cx - bx * cz) * (eye.y - ay) + (bx * cy - by * cx) * (eye.z - az) > 0
  );
}
