import { CylinderGeometry, Matrix4, SphereGeometry, TorusGeometry, Vector3 } from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { place, type Kit } from "../kit.ts";
import { lathe, mix, smooth, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

const R = 0.72;

/** A ring is made upright in the xy plane, its head at the top, then put on its stand. */
export function buildRing(kit: Kit): Frame {
  (FAMILIES[kit.identity.family] ?? FAMILIES["solitaire"]!)(kit);
  const { stand } = kit.identity;
  if (stand === "cone") {
    kit.move(place(0, 1.0, 0, [1.15, 0, 0]));
    kit.support(
      "stand",
      lathe((v) => [mix(0.78, 0.2, smooth(0, 1, v)) * (v > 0.97 ? (1 - v) / 0.03 : 1), v * 2.5], { columns: 31 }),
    );
    return { fixed: 0.4, free: 2, strength: 0.3 };
  }
  const sunk = stand === "slot" ? 0.42 : 0;
  // The head leans towards the viewer, so that the stone shows its table.
  const tilt = stand === "slot" ? kit.shape(6, 0.2, 0.42) : kit.shape(6, 0.1, 0.3);
  kit.move(place(0, R + kit.shape(0, 0.07, 0.12) - sunk + (sunk ? 0.38 : 0), 0, [tilt, 0, 0]));
  if (stand === "slot") {
    for (const z of [-1, 1])
      kit.support("stand", new RoundedBoxGeometry(1.7, 0.42, 0.42, 4, 0.16), place(0, 0.21, z * 0.25));
  }
  return { fixed: 0, free: 1.9, strength: 0.5 };
}

function band(kit: Kit, width: (angle: number) => number, thick: number, slot: "metal" | "body" = "metal"): void {
  const profile = kit.shape(1, 1, 3.5);
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / (1 + profile));
  kit.add(
    slot,
    "band",
    surface(
      14,
      72,
      (u, v) => {
        const [a, b] = [v * Math.PI * 2, u * Math.PI * 2];
        const r = R + power(Math.cos(b)) * thick;
        return [Math.sin(a) * r, Math.cos(a) * r, power(Math.sin(b)) * width(a)];
      },
      { closed: true, repeat: [1, 6], inside: "hidden" },
    ),
  );
  for (let i = 0; i < 10; i++) {
    const a = (i % 2 ? 1 : -1) * (0.55 + Math.floor(i / 2) * 0.3);
    const out = new Vector3(Math.sin(a), Math.cos(a), 0);
    kit.anchor(out.clone().multiplyScalar(R + thick), out, 0.16);
  }
}

function prongs(kit: Kit, at: Vector3, size: number, count = 6): void {
  for (let i = 0; i < count; i++) {
    const a = ((i + 0.5) / count) * Math.PI * 2;
    const [x, z] = [Math.sin(a), Math.cos(a)];
    kit.add(
      "metal",
      "band",
      tube(
        [
          new Vector3(at.x + x * size * 0.12, at.y - size * 0.5, at.z + z * size * 0.12),
          new Vector3(at.x + x * size * 0.44, at.y - size * 0.1, at.z + z * size * 0.44),
          new Vector3(at.x + x * size * 0.5, at.y + size * 0.1, at.z + z * size * 0.5),
          new Vector3(at.x + x * size * 0.42, at.y + size * 0.17, at.z + z * size * 0.42),
        ],
        0.026,
        { columns: 8, rows: 12, inside: "seen" },
      ),
    );
  }
  kit.add(
    "metal",
    "band",
    new TorusGeometry(size * 0.3, 0.022, 6, 22),
    place(at.x, at.y - size * 0.3, at.z, [Math.PI / 2, 0, 0]),
  );
}

function head(kit: Kit, size: number): Vector3 {
  const at = new Vector3(0, R + 0.1 + size * 0.42, 0);
  kit.stone(at, new Vector3(0, 1, 0), size, "stone");
  prongs(kit, at, size, 4 + 2 * Math.round(kit.identity.shape[5]!));
  return at;
}

/** Small stones along the band between two angles. */
function pave(kit: Kit, from: number, to: number, count: number, size: number, radius: number): void {
  for (let i = 0; i < count; i++) {
    const a = mix(from, to, count === 1 ? 0.5 : i / (count - 1));
    const out = new Vector3(Math.sin(a), Math.cos(a), 0);
    kit.add(
      "accentFacet",
      "stone",
      new SphereGeometry(size, 7, 5).toNonIndexed(),
      new Matrix4().setPosition(out.multiplyScalar(radius)),
    );
  }
}

const FAMILIES: Readonly<Record<string, (kit: Kit) => void>> = {
  solitaire(kit) {
    const w = kit.shape(2, 0.06, 0.1);
    band(kit, (a) => w * (1 - 0.3 * Math.max(0, Math.cos(a))), kit.shape(0, 0.055, 0.085));
    head(kit, kit.shape(3, 0.48, 0.72));
  },
  halo(kit) {
    band(kit, () => kit.shape(2, 0.07, 0.1), 0.065);
    const size = kit.shape(3, 0.4, 0.54);
    const at = head(kit, size);
    const count = 18;
    for (let i = 0; i < count; i++) {
      const a = (i / count) * Math.PI * 2;
      kit.add(
        "accentFacet",
        "stone",
        new SphereGeometry(0.055, 7, 5).toNonIndexed(),
        place(at.x + Math.sin(a) * size * 0.68, at.y, at.z + Math.cos(a) * size * 0.68),
      );
    }
    kit.add(
      "metal",
      "band",
      new TorusGeometry(size * 0.68, 0.04, 6, 26),
      place(at.x, at.y - 0.04, at.z, [Math.PI / 2, 0, 0]),
    );
    pave(kit, 0.45, 1.25, 7, 0.04, R + 0.065);
    pave(kit, -0.45, -1.25, 7, 0.04, R + 0.065);
  },
  trilogy(kit) {
    band(kit, () => kit.shape(2, 0.07, 0.11), 0.07);
    const size = kit.shape(3, 0.44, 0.56);
    head(kit, size);
    for (const side of [-1, 1]) {
      const at = new Vector3(side * size * 0.82, R + 0.02 + size * 0.24, 0);
      kit.stone(at, new Vector3(side * 0.5, 1, 0), size * 0.66, "stone", "accent");
      prongs(kit, at, size * 0.62, 4);
    }
  },
  eternity(kit) {
    band(kit, () => kit.shape(2, 0.09, 0.13), 0.06);
    const count = 12 + Math.round(kit.shape(3, 0, 6));
    for (let i = 0; i < count; i++) {
      const a = (i / count) * Math.PI * 2;
      const out = new Vector3(Math.sin(a), Math.cos(a), 0);
      kit.stone(out.clone().multiplyScalar(R + 0.1), out, 0.27, "stone", i % 2 ? "accent" : "main", "brilliant");
    }
    for (const z of [-1, 1]) kit.add("metal", "band", new TorusGeometry(R + 0.09, 0.026, 6, 52), place(0, 0, z * 0.12));
  },
  signet(kit) {
    band(kit, (a) => mix(0.09, 0.3, smooth(0.4, 1, Math.cos(a))), 0.08);
    const face = kit.shape(3, 0.32, 0.44);
    const round = kit.identity.shape[4]! > 0.5;
    kit.add(
      "metal",
      "band",
      round
        ? new CylinderGeometry(face, face * 0.8, 0.16, 26)
        : new RoundedBoxGeometry(face * 1.8, 0.16, face * 1.5, 3, 0.05),
      place(0, R + 0.13, 0),
    );
    kit.add(
      "body",
      "stone",
      round
        ? new CylinderGeometry(face * 0.82, face * 0.82, 0.04, 26)
        : new RoundedBoxGeometry(face * 1.5, 0.04, face * 1.2, 3, 0.02),
      place(0, R + 0.215, 0),
    );
    kit.anchor(new Vector3(0, R + 0.24, 0), new Vector3(0, 1, 0.001), face * 0.9);
  },
  twist(kit) {
    for (const phase of [0, Math.PI]) {
      const points = Array.from({ length: 60 }, (_, i) => {
        const a = (i / 60) * Math.PI * 2;
        const t = a * 5 + phase;
        const r = R + Math.cos(t) * 0.06;
        return new Vector3(Math.sin(a) * r, Math.cos(a) * r, Math.sin(t) * 0.075);
      });
      kit.add(
        phase ? "metal" : "metal",
        "band",
        tube(points, kit.shape(2, 0.045, 0.06), { closed: true, rows: 91, columns: 10 }),
      );
    }
    for (let i = 0; i < 8; i++) {
      const a = (i % 2 ? 1 : -1) * (0.6 + Math.floor(i / 2) * 0.3);
      const out = new Vector3(Math.sin(a), Math.cos(a), 0);
      kit.anchor(out.clone().multiplyScalar(R + 0.12), out, 0.16);
    }
    head(kit, kit.shape(3, 0.36, 0.52));
  },
  cocktail(kit) {
    band(kit, (a) => mix(0.07, 0.2, smooth(0.2, 1, Math.cos(a))), 0.075);
    const size = kit.shape(3, 0.7, 0.92);
    const at = new Vector3(0, R + 0.3, 0);
    kit.stone(at, new Vector3(0, 1, 0), size, "stone");
    kit.add(
      "metal",
      "band",
      lathe((v) => [mix(0.2, size * 0.52, v), R + 0.05 + v * 0.22], { columns: 26, rows: 6 }),
    );
    for (let i = 0; i < 12; i++) {
      const a = (i / 12) * Math.PI * 2;
      kit.add(
        "metal",
        "band",
        new SphereGeometry(0.045, 12, 8),
        place(Math.sin(a) * size * 0.53, R + 0.29, Math.cos(a) * size * 0.53),
      );
    }
  },
};
