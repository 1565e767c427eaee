import { Vector3, type PerspectiveCamera } from "three";
import type { ProductScene } from "../src/products/scene.ts";
import { samplePoints, sinkingSide, type Assembly } from "./assemble.ts";

/** Puts the camera so that the plain product, turned by `turn` about y, fills the picture with room for any posture. Returns the product's height. */
export function frameCamera(camera: PerspectiveCamera, scene: ProductScene, plain: Assembly, turn: number): number {
  const { identity } = scene;
  const points = samplePoints(plain).map((p) => p.applyAxisAngle(new Vector3(0, 1, 0), turn));
  // Room on the side to which a standing thing sinks, whether it does or not: the camera must not know.
  if (scene.category === "vase" || scene.category === "bag") {
    const top = points.reduce((most, p) => Math.max(most, p.y), 0);
    const side = sinkingSide(scene.seed);
    const reach = scene.category === "vase" ? 0.34 : 0.18;
    for (const p of points.filter((q) => q.y > top * 0.75))
      points.push(new Vector3(p.x + side * reach * top, p.y * 0.92, p.z));
  }
  // A worn earring is seen with its ear.
  if (scene.category === "earring" && identity.stand === "ear")
    points.push(new Vector3(0.45, 2.35, 0.1), new Vector3(-0.5, 1.2, 0));
  const [low, high] = [new Vector3(Infinity, Infinity, Infinity), new Vector3(-Infinity, -Infinity, -Infinity)];
  for (const p of points) {
    low.min(p);
    high.max(p);
  }
  const centre = low.clone().add(high).multiplyScalar(0.5);
  const azimuth = identity.azimuth;
  const elevation = identity.elevation;
  const back = new Vector3(
    Math.sin(azimuth) * Math.cos(elevation),
    Math.sin(elevation),
    Math.cos(azimuth) * Math.cos(elevation),
  );
  const right = new Vector3(Math.cos(azimuth), 0, -Math.sin(azimuth));
  const up = new Vector3().crossVectors(back, right);
  const tan = Math.tan((identity.fieldOfView * Math.PI) / 360);
  let distance = 0;
  for (const p of points) {
    const d = p.clone().sub(centre);
    const reach = Math.max(Math.abs(d.dot(right)), Math.abs(d.dot(up)));
    distance = Math.max(distance, (reach * 1.17 * identity.margin) / tan + d.dot(back));
  }
  camera.fov = identity.fieldOfView;
  const span = distance * tan;
  const aim = centre
    .clone()
    .addScaledVector(right, identity.shift[0] * span)
    .addScaledVector(up, identity.shift[1] * span + span * 0.03);
  camera.position.copy(aim).addScaledVector(back, distance);
  camera.position.y = Math.max(camera.position.y, 0.12);
  camera.lookAt(aim);
  camera.updateProjectionMatrix();
  camera.updateMatrixWorld();
  return high.y;
}
