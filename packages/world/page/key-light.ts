import { BoxGeometry, DirectionalLight, Group, Vector3 } from "three";
import type { LightSetup } from "./lights.ts";
import { CASTER, mesh } from "./set-piece.ts";

/** The key light of a setup, aimed at the middle of a product `height` high, with a window's bars where it has them. */
export function keyLight(setup: LightSetup, height: number): Group {
  const group = new Group();
  const light = new DirectionalLight(setup.keyColour, setup.keyStrength);
  const target = new Vector3(0, height * 0.4, 0);
  light.position.copy(setup.key).add(target);
  light.target.position.copy(target);
  light.castShadow = true;
  light.shadow.mapSize.set(512, 512);
  light.shadow.radius = setup.soft / 2;
  light.shadow.bias = -0.0008;
  light.shadow.normalBias = 0.018;
  Object.assign(light.shadow.camera, { left: -3.2, right: 3.2, top: 3.2, bottom: -3.2, near: 0.1, far: 14 });
  group.add(light, light.target);
  if (setup.bars) {
    const frame = new Group();
    const bar = (w: number, h: number, x: number, y: number): void => {
      const made = mesh(new BoxGeometry(w, h, 0.02), CASTER, undefined);
      made.position.set(x, y, 0);
      frame.add(made);
    };
    for (const x of [-0.95, 0, 0.95]) bar(0.09, 4, x, 0);
    for (const y of [-1.3, -0.2, 0.9]) bar(2, 0.09, 0, y);
    for (const side of [-1, 1]) {
      bar(3, 8, side * 2.45, 0);
      bar(8, 3, 0, side * 3.05 - 0.1);
    }
    frame.position.copy(setup.key).multiplyScalar(0.85).add(target);
    frame.lookAt(target);
    group.add(frame);
  }
  return group;
}
