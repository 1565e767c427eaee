import { Vector3, type BufferGeometry } from "three";

/**
 * Puts the triangles that face `eye` (in the geometry's own space) before those that do not: what they hide is then not shaded, and a software renderer's time
 * goes into shading.
 */
export function drawFrontFirst(geometry: BufferGeometry, eye: Vector3): void {
  const index = geometry.index;
  if (index === null) return;
  const position = geometry.getAttribute("position").array;
  const order = index.array;
  const sorted = new (order.constructor as Uint16ArrayConstructor)(order.length);
  let [front, back] = [0, order.length];
  for (let t = 0; t < order.length; t += 3) {
    const [a, b, c] = [order[t]! * 3, order[t + 1]! * 3, order[t + 2]! * 3];
    const [ax, ay, az] = [position[a]!, position[a + 1]!, position[a + 2]!];
    const [bx, by, bz] = [position[b]! - ax, position[b + 1]! - ay, position[b + 2]! - az];
    const [cx, cy, cz] = [position[c]! - ax, position[c + 1]! - ay, position[c + 2]! - az];
    const facing =
      (by * cz - bz * cy) * (eye.x - ax) + (bz * cx - bx * cz) * (eye.y - ay) + (bx * cy - by * cx) * (eye.z - az);
    const at = facing > 0 ? front : (back -= 3);
    if (facing > 0) front += 3;
    sorted[at] = order[t]!;
    sorted[at + 1] = order[t + 1]!;
    sorted[at + 2] = order[t + 2]!;
  }
  order.set(sorted);
}
