import { CanvasTexture, DoubleSide, Mesh, MeshBasicMaterial, PlaneGeometry, type Scene, type Texture } from "three";
import type { Assembly } from "./assemble.ts";

let contact: Texture | undefined;

/** A soft darkness where the product or its stand meets the floor. */
export function addContactShadow(set: Scene, plain: Assembly, turn: number): void {
  let [across, deep] = [0, 0];
  for (const { geometry } of [...plain.pieces, ...plain.stand]) {
    const position = geometry.getAttribute("position");
    for (let i = 0; i < position.count; i += 5) {
      if (position.getY(i) > 0.18) continue;
      across = Math.max(across, Math.abs(position.getX(i)));
      deep = Math.max(deep, Math.abs(position.getZ(i)));
    }
  }
  if (across === 0) return;
  contact ??= (() => {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = 128;
    const pen = canvas.getContext("2d", { willReadFrequently: true })!;
    const fade = pen.createRadialGradient(64, 64, 20, 64, 64, 64);
    fade.addColorStop(0, "rgba(20,16,14,0.6)");
    fade.addColorStop(0.7, "rgba(20,16,14,0.3)");
    fade.addColorStop(1, "rgba(20,16,14,0)");
    pen.fillStyle = fade;
    pen.fillRect(0, 0, 128, 128);
    return new CanvasTexture(canvas);
  })();
  const decal = new Mesh(
    new PlaneGeometry(1, 1),
    new MeshBasicMaterial({
      map: contact,
      transparent: true,
      depthWrite: false,
      polygonOffset: true,
      polygonOffsetFactor: -2,
      toneMapped: false,
      side: DoubleSide,
    }),
  );
  decal.rotation.set(-Math.PI / 2, 0, turn);
  decal.position.y = 0.003;
  decal.scale.set(across * 2.35 + 0.1, deep * 2.35 + 0.1, 1);
  set.add(decal);
}
