import { BufferGeometry, Matrix4, SphereGeometry, TorusGeometry, Vector3 } from "three";
import { facing, place, type Kit, type Slot } from "../kit.ts";
import { circle, lathe, profileThrough, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

const R = 0.72;

/** A bracelet is made flat about the y axis, its front at +z, then put on its stand. */
export function buildBracelet(kit: Kit): Frame {
  (FAMILIES[kit.identity.family] ?? FAMILIES["bangle"]!)(kit);
  const { stand } = kit.identity;
  if (stand === "roll") {
    const y = 1.15;
    kit.move(
      new Matrix4()
        .makeTranslation(0, y, 0)
        .multiply(new Matrix4().makeRotationZ(Math.PI / 2))
        .multiply(new Matrix4().makeRotationY(-0.5)),
    );
    kit.support(
      "stand",
      lathe((v) => [0.64 * (v < 0.04 ? v / 0.04 : v > 0.96 ? (1 - v) / 0.04 : 1), (v - 0.5) * 2.6], { columns: 31 }),
      place(0, y, 0, [0, 0, Math.PI / 2]),
    );
    kit.support(
      "standWood",
      lathe((v) => [0.1, v * 0.6], { rows: 2 }),
      place(0, 0, 0),
    );
    kit.support(
      "standWood",
      lathe(
        profileThrough([
          [0, 0.08],
          [0.5, 0.07],
          [0.56, 0.03],
          [0.56, 0],
        ]),
        { columns: 31, rows: 12 },
      ),
    );
    return { fixed: 1.15, free: 0.35, strength: 0.35, roughness: 0.8 };
  }
  if (stand === "wrist") {
    const y = 1.15;
    kit.move(place(0, y, 0, [0.12, 0, 0.08]));
    kit.support(
      "stand",
      lathe(
        profileThrough([
          [0.62, 0],
          [0.58, 0.6],
          [0.6, 1.1],
          [0.55, 1.5],
          [0.62, 1.9],
          [0.6, 2.2],
          [0.42, 2.42],
          [0, 2.5],
        ]),
        { columns: 31, depth: 0.86 },
      ),
    );
    return { fixed: 1.6, free: 0.7, strength: 0.35, roughness: 0.8 };
  }
  kit.move(place(0, 0.16, 0, [-0.06, 0, 0]));
  return { fixed: 0, free: 0.5, strength: 0.3, roughness: 0.9 };
}

/** The slot that the identity's material asks for in the main elements. */
function jewel(kit: Kit): Slot {
  const { material } = kit.identity;
  return material === "pearl" ? "pearl" : material === "metal" ? "metal" : "body";
}

function around(
  kit: Kit,
  count: number,
  each: (at: Vector3, out: Vector3, i: number, angle: number) => void,
  radius = R,
): void {
  for (let i = 0; i < count; i++) {
    const angle = (i / count) * Math.PI * 2;
    const out = new Vector3(Math.sin(angle), 0, Math.cos(angle));
    each(out.clone().multiplyScalar(radius), out, i, angle);
  }
}

function anchors(kit: Kit, radius: number, hang: boolean, size = 0.24): void {
  for (let i = 0; i < 9; i++) {
    const a = (i - 4) * 0.36;
    const out = new Vector3(Math.sin(a), 0, Math.cos(a));
    kit.anchor(out.clone().multiplyScalar(radius), out, size, hang);
  }
}

function hoop(height: number, thick: number, from = 0, sweep = Math.PI * 2, flare = 0): BufferGeometry {
  return surface(
    66,
    14,
    (u, v) => {
      const [a, b] = [from + u * sweep, v * Math.PI * 2];
      const power = (x: number): number => Math.sign(x) * Math.abs(x) ** 0.6;
      const end = sweep < 6.2 ? 1 + flare * (Math.abs(u - 0.5) * 2) ** 8 : 1;
      const r = R + power(Math.cos(b)) * thick;
      return [Math.sin(a) * r, power(Math.sin(b)) * height * end, Math.cos(a) * r];
    },
    { closed: sweep > 6.2, flip: true, repeat: [4, 1], inside: sweep > 6.2 ? "hidden" : "seen" },
  );
}

const FAMILIES: Readonly<Record<string, (kit: Kit) => void>> = {
  bangle(kit) {
    const h = kit.shape(0, 0.08, 0.24);
    kit.add(jewel(kit), "bracelet", hoop(h, 0.055));
    for (const y of [-1, 1])
      kit.add("metal", "trim", tube(circle(R + 0.02, 48, y * h), 0.035, { closed: true, rows: 58 }));
    if (kit.identity.shape[1]! > 0.4) {
      kit.stone(new Vector3(0, 0, R + 0.1), new Vector3(0, 0, 1), 0.3, "stone");
      for (const a of [-0.32, 0.32])
        kit.stone(
          new Vector3(Math.sin(a) * (R + 0.08), 0, Math.cos(a) * (R + 0.08)),
          new Vector3(Math.sin(a), 0, Math.cos(a)),
          0.2,
          "stone",
          "accent",
        );
    }
    anchors(kit, R + 0.08, false);
  },
  cuff(kit) {
    const h = kit.shape(0, 0.14, 0.34);
    kit.add(jewel(kit), "bracelet", hoop(h, 0.045, -2.6, 5.2, -0.4));
    for (const y of [-0.7, 0.7])
      kit.add("metal", "trim", tube(circle(R + 0.05, 40, y * h, -2.45, 4.9), 0.018, { rows: 46, columns: 8 }));
    for (const side of [-1, 1])
      kit.add(
        "accentFacet",
        "stone",
        new SphereGeometry(0.08, 10, 8).toNonIndexed(),
        place(side * Math.sin(2.6) * R, 0, Math.cos(2.6) * R),
      );
    anchors(kit, R + 0.06, false, 0.28);
  },
  chain(kit) {
    const count = 16 + 2 * Math.round(kit.shape(0, 0, 4));
    const long = ((2 * Math.PI * R) / count) * 0.8;
    around(kit, count, (at, out, i) => {
      const link = tube(
        Array.from({ length: 20 }, (_, k) => {
          const t = (k / 20) * Math.PI * 2;
          return new Vector3(Math.cos(t) * long, Math.sin(t) * long * 0.62, 0);
        }),
        kit.shape(1, 0.034, 0.055),
        { closed: true, rows: 21, columns: 9 },
      );
      const across = new Matrix4().makeBasis(new Vector3(out.z, 0, -out.x), new Vector3(0, 1, 0), out);
      kit.add(
        i % 4 === 0 ? jewel(kit) : "metal",
        "bracelet",
        link,
        new Matrix4()
          .setPosition(at)
          .multiply(across)
          .multiply(new Matrix4().makeRotationX(i % 2 ? 1.25 : 0.2)),
      );
    });
    anchors(kit, R, true);
  },
  beads(kit) {
    const size = kit.shape(0, 0.1, 0.16);
    const count = Math.floor((2 * Math.PI * R) / (size * 2.04));
    around(kit, count, (at, _out, i) => {
      const slot: Slot =
        i % 5 === 0
          ? "metal"
          : i % 5 === 2 && kit.identity.shape[1]! > 0.5
            ? "accent"
            : kit.identity.material === "metal"
              ? "body"
              : jewel(kit);
      kit.add(
        slot,
        "bracelet",
        new SphereGeometry(size * (i % 5 === 0 ? 0.7 : 1), 24, 16),
        new Matrix4().setPosition(at),
      );
    });
    anchors(kit, R + size, true);
  },
  tennis(kit) {
    const count = 22;
    around(kit, count, (at, out, i) => {
      if (Math.cos((i / count) * Math.PI * 2) > -0.35)
        kit.stone(
          at.clone().addScaledVector(out, 0.06),
          out,
          0.26,
          "stone",
          i % 2 ? "main" : "accent",
          kit.identity.shape[0]! > 0.5 ? "brilliant" : "princess",
        );
      kit.add(
        "metal",
        "bracelet",
        new TorusGeometry(0.1, 0.025, 6, 14),
        facing(at, out).multiply(new Matrix4().makeRotationX(Math.PI / 2)),
      );
    });
    for (const y of [-0.06, 0.06])
      kit.add("metal", "bracelet", tube(circle(R - 0.04, 48, y), 0.022, { closed: true, rows: 58, columns: 8 }));
    anchors(kit, R + 0.05, true);
  },
  charm(kit) {
    kit.add(
      "metal",
      "bracelet",
      tube(
        circle(R, 60, 0).map((p, i) => p.add(new Vector3(0, Math.sin(i * 1.9) * 0.02, 0))),
        (v) => 0.035 + 0.02 * Math.abs(Math.sin(v * 150)),
        { closed: true, rows: 156, columns: 8 },
      ),
    );
    for (let i = 0; i < 5; i++) {
      const a = (i - 2) * 0.55;
      const at = new Vector3(Math.sin(a) * R, 0, Math.cos(a) * R);
      kit.add("metal", "trim", new TorusGeometry(0.055, 0.014, 6, 13), new Matrix4().setPosition(at.x, -0.06, at.z));
      kit.add(
        jewel(kit) === "metal" ? "body" : jewel(kit),
        "bracelet",
        new SphereGeometry(0.1, 14, 10),
        new Matrix4().setPosition(at.x * 1.03, -0.2, at.z * 1.03),
      );
    }
    anchors(kit, R, true, 0.3);
  },
  braid(kit) {
    for (let strand = 0; strand < 3; strand++) {
      const points = Array.from({ length: 90 }, (_, i) => {
        const a = (i / 90) * Math.PI * 2;
        const t = a * 9 + (strand * Math.PI * 2) / 3;
        const r = R + Math.sin(t * 2) * 0.035;
        return new Vector3(Math.sin(a) * r, Math.sin(t) * kit.shape(0, 0.08, 0.13), Math.cos(a) * r);
      });
      kit.add(
        strand === 0 ? "accent" : jewel(kit) === "metal" ? "metal" : "body",
        "bracelet",
        tube(points, 0.052, { closed: true, rows: 130, columns: 10 }),
      );
    }
    const lock = surface(24, 8, (u, v) => [Math.sin(u * 6.283) * 0.13, (v - 0.5) * 0.22, Math.cos(u * 6.283) * 0.13], {
      closed: true,
    });
    kit.add("metal", "clasp", lock, place(0, 0, R, [0, 0, Math.PI / 2]));
    anchors(kit, R + 0.07, true);
  },
};
