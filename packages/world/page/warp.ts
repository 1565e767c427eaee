import { BufferGeometry, Matrix4, Quaternion, Vector3 } from "three";
import type { ProductLook } from "../src/products/look.ts";
import { noise, smooth } from "./shapes.ts";

/** How a look bends a product: a map of space, applied to every vertex in place. */
export type Warp = (p: Vector3) => void;

export interface WarpFrame {
  /** Heights of the end that stays where it is and of the free end. */
  readonly fixed: number;
  readonly free: number;
  /** Which way the thing sinks, +1 or -1 in x. */
  readonly side: number;
  /** How far posture shows on this thing (1 = usual). */
  readonly strength?: number;
  /** How far edges and dents show. */
  readonly roughness?: number;
  readonly seed: number;
}

/** The posture of a look as a warp, or undefined where nothing moves. Standing things sink from the top, hanging ones stretch. */
export function posture(look: ProductLook, frame: WarpFrame): Warp | undefined {
  const { droop, lean, twist, flare, height } = look.posture;
  const { edge, wear } = look;
  if ([droop, lean, twist, flare, height, edge, wear].every((value) => Math.abs(value) < 1e-3)) return undefined;
  const { fixed, free, side, strength = 1, roughness = 1, seed } = frame;
  const span = free - fixed;
  const hanging = span < 0;
  const length = Math.abs(span);
  const ridges = 7 + (seed % 5);
  return (p) => {
    const k = Math.max(-0.1, (p.y - fixed) / span);
    const kk = smooth(0, 1, k);
    const radius = Math.sqrt(p.x * p.x + p.z * p.z);
    if (radius > 1e-6) {
      const angle = Math.atan2(p.x, p.z);
      let scale = 1 + flare * 0.42 * strength * (k - 0.35) * (k > 0 ? 1 : 0);
      if (edge > 0.05) {
        const saw = Math.abs((((angle / (Math.PI * 2)) * ridges + 100) % 1) - 0.5) * 2;
        scale *= 1 + edge * 0.13 * roughness * (saw - 0.5) * (0.4 + 0.6 * kk);
      } else if (edge < -0.05) {
        scale *= 1 - edge * 0.1 * roughness * Math.sin(Math.PI * Math.min(1, Math.max(0, k)));
      }
      if (wear > 0.02) {
        const dent = noise(angle * 1.6 + 7, p.y * 3 + 3, seed) - 0.5;
        scale *= 1 + wear * 0.22 * roughness * dent;
      }
      const turned = angle + twist * strength * 1.1 * kk;
      p.x = Math.sin(turned) * radius * scale;
      p.z = Math.cos(turned) * radius * scale;
    }
    const t = Math.max(0, k);
    p.y = fixed + (p.y - fixed) * (1 + height * 0.5 * strength);
    if (hanging) {
      p.y -= Math.max(0, droop) * strength * 0.22 * length * t * t;
      p.y += Math.max(0, -droop) * strength * 0.16 * length * t * t;
      p.x += side * lean * strength * 0.35 * length * t;
    } else {
      const bend = Math.max(0, droop) * strength;
      p.x += side * bend * 0.5 * length * t * t;
      p.y -= bend * 0.3 * length * t * t * t + bend * 0.08 * length * t;
      p.y += Math.max(0, -droop) * strength * 0.22 * length * t * t;
      p.x += side * lean * strength * 0.42 * length * t;
    }
  };
}

/** Applies a warp to a geometry's vertices and turns its normals with it; hard edges stay hard. */
export function warpGeometry(geometry: BufferGeometry, warp: Warp): BufferGeometry {
  const position = geometry.getAttribute("position");
  const normal = geometry.getAttribute("normal");
  const [p, n, a, b, pa, pb] = Array.from({ length: 6 }, () => new Vector3()) as [
    Vector3,
    Vector3,
    Vector3,
    Vector3,
    Vector3,
    Vector3,
  ];
  for (let i = 0; i < position.count; i++) {
    p.fromBufferAttribute(position, i);
    n.fromBufferAttribute(normal, i);
    a.set(n.y, n.z, n.x);
    a.addScaledVector(n, -a.dot(n)).normalize();
    b.crossVectors(n, a);
    pa.copy(p).addScaledVector(a, 2e-3);
    pb.copy(p).addScaledVector(b, 2e-3);
    warp(p);
    warp(pa);
    warp(pb);
    position.setXYZ(i, p.x, p.y, p.z);
    n.crossVectors(pa.sub(p), pb.sub(p)).normalize();
    normal.setXYZ(i, n.x, n.y, n.z);
  }
  return geometry;
}

/** The rigid motion that a warp gives to a small thing at `at`: for stones, which must not bend. */
export function warpRigid(matrix: Matrix4, warp: Warp): Matrix4 {
  const [position, turn, scale] = [new Vector3(), new Quaternion(), new Vector3()];
  matrix.decompose(position, turn, scale);
  const up = new Vector3(position.x, position.y + 0.05, position.z);
  warp(position);
  warp(up);
  const lean = new Quaternion().setFromUnitVectors(new Vector3(0, 1, 0), up.sub(position).normalize());
  return new Matrix4().compose(position, lean.multiply(turn), scale);
}
