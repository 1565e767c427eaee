import { BoxGeometry, Matrix4, SphereGeometry, TorusGeometry, Vector3 } from "three";
import { facing, place, type Kit, type Slot } from "../kit.ts";
import { lathe, mix, profileThrough, smooth, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

/** A place on the line that a necklace follows, t from -1 (left back) over 0 (front) to 1. */
type Line = (t: number, lower?: number) => { at: Vector3; out: Vector3 };

/** Necklaces lie on a bust or a board; both tell where a line at a given drop runs. */
export function buildNecklace(kit: Kit): Frame {
  const bust = kit.identity.stand !== "board";
  const drop = kit.shape(0, 0.55, 1.0);
  const line = bust ? addBust(kit, drop) : addBoard(kit, drop);
  (FAMILIES[kit.identity.family] ?? FAMILIES["pendant"]!)(kit, line, drop);
  return { fixed: 1.95, free: 0.7, strength: 0.32, roughness: 0.3 };
}

function addBust(kit: Kit, drop: number): Line {
  const radius = profileThrough([
    [0.62, -0.05],
    [0.86, 0.2],
    [1.08, 0.7],
    [1.12, 1.05],
    [0.98, 1.4],
    [0.62, 1.68],
    [0.4, 1.9],
    [0.36, 2.2],
    [0.37, 2.5],
    [0.32, 2.62],
    [0, 2.64],
  ]);
  const depth = (y: number): number => mix(0.55, 1, smooth(1.2, 2, y));
  const at = (y: number): number => {
    let [low, high] = [0, 1];
    for (let i = 0; i < 16; i++) {
      const v = (low + high) / 2;
      if (radius(v)[1] < y) low = v;
      else high = v;
    }
    return radius(low)[0];
  };
  kit.support(
    "stand",
    surface(
      44,
      40,
      (u, v) => {
        const [r, y] = radius(v);
        const a = (u - 0.5) * Math.PI * 2;
        return [Math.sin(a) * r, y, Math.cos(a) * r * depth(y)];
      },
      { closed: true },
    ),
  );
  const point = (t: number, lower: number): Vector3 => {
    const a = t * Math.PI * 0.97;
    const y = 1.98 - (drop + lower) * Math.exp(-((t / 0.36) ** 2)) * 1.02 - 0.16 * Math.cos(t * 1.5);
    const r = at(y) + 0.05;
    return new Vector3(Math.sin(a) * r, y, Math.cos(a) * r * depth(y));
  };
  return (t, lower = 0) => {
    const p = point(t, lower);
    return { at: p, out: new Vector3(p.x * 0.8, 0.12, p.z).normalize() };
  };
}

function addBoard(kit: Kit, drop: number): Line {
  kit.support("stand", new BoxGeometry(2.1, 2.5, 0.12), place(0, 1.22, -0.22, [-0.14, 0, 0]));
  return (t, lower = 0) => {
    const y = 2.15 - (drop * 1.35 + lower) * (1 - Math.abs(t) ** 1.8);
    return {
      at: new Vector3(t * 0.78 * (1 - 0.12 * (1 - t * t)), y, -0.1 - (y - 1.22) * 0.14),
      out: new Vector3(0, 0.12, 1),
    };
  };
}

function jewel(kit: Kit): Slot {
  const { material } = kit.identity;
  return material === "pearl" ? "pearl" : material === "metal" ? "metal" : "body";
}

/** Places things at equal distances along the line. */
function along(
  line: Line,
  spacing: number,
  each: (at: Vector3, out: Vector3, t: number, i: number) => void,
  lower = 0,
): void {
  let last: Vector3 | undefined;
  let i = 0;
  const found: { at: Vector3; out: Vector3; t: number }[] = [];
  for (let k = 0; k <= 1200; k++) {
    const t = (k / 1200) * 0.97;
    const { at, out } = line(t, lower);
    if (last !== undefined && at.distanceTo(last) < spacing) continue;
    last = at;
    found.push({ at, out, t });
  }
  for (const { at, out, t } of found) {
    each(at, out, t, i);
    if (i > 0) {
      const twin = line(-t, lower);
      each(twin.at, twin.out, -t, i);
    }
    i++;
  }
}

function chain(kit: Kit, line: Line, thick: number, lower = 0, slot: Slot = "metal"): void {
  const points = Array.from({ length: 81 }, (_, i) => line((i / 40 - 1) * 0.97, lower).at);
  kit.add(
    slot,
    "necklace",
    tube(points, (v, a) => thick * (0.75 + 0.45 * Math.abs(Math.sin(v * 190 + (a > 3.14 ? 0.8 : 0)))), {
      rows: 195,
      columns: 7,
    }),
  );
}

function pendant(kit: Kit, line: Line, size: number, lower = 0): void {
  const { at, out } = line(0, lower);
  const centre = at.clone().add(new Vector3(0, -0.1 - size * 0.55, 0.05));
  kit.add("metal", "band", new TorusGeometry(0.045, 0.016, 6, 14), place(at.x, at.y - 0.06, at.z + 0.03, [0, 1.2, 0]));
  if (kit.identity.shape[3]! > 0.35) {
    kit.stone(centre, out, size, "stone");
    kit.add(
      jewel(kit),
      "band",
      new TorusGeometry(size * 0.56, 0.045, 6, 31),
      new Matrix4().makeTranslation(centre.x, centre.y, centre.z - 0.02),
    );
  } else {
    kit.add(
      jewel(kit) === "metal" ? "body" : jewel(kit),
      "stone",
      lathe((v) => [size * 0.6 * Math.sin(v * Math.PI) ** 0.5, (v - 0.5) * 0.14], { columns: 26, inside: "hidden" }),
      place(centre.x, centre.y, centre.z, [Math.PI / 2, 0, 0]),
    );
    kit.stone(centre.clone().addScaledVector(out, 0.09), out, size * 0.5, "stone", "accent");
  }
  kit.anchor(centre.clone().add(new Vector3(0, -size * 0.62, 0)), new Vector3(0, 0, 1), 0.28, true);
}

function anchors(kit: Kit, line: Line, lower = 0): void {
  for (let i = 1; i <= 4; i++) {
    for (const side of [-1, 1]) {
      const { at, out } = line(side * i * 0.085, lower);
      kit.anchor(at.add(new Vector3(0, -0.03, 0.02)), out, 0.22, true);
    }
  }
}

const FAMILIES: Readonly<Record<string, (kit: Kit, line: Line, drop: number) => void>> = {
  pendant(kit, line) {
    chain(kit, line, kit.shape(1, 0.022, 0.034));
    pendant(kit, line, kit.shape(2, 0.34, 0.52));
    anchors(kit, line);
  },
  pearls(kit, line) {
    const size = kit.shape(1, 0.07, 0.1);
    along(line, size * 2.05, (at, out, t, i) => {
      const grow = 1 + 0.35 * (1 - Math.abs(t)) ** 3;
      kit.add(
        kit.identity.material === "stone" ? "body" : i % 7 === 3 && kit.identity.shape[2]! > 0.5 ? "metal" : "pearl",
        "necklace",
        new SphereGeometry(size * (grow > 1.2 ? 1.05 : 1), 22, 16),
        new Matrix4().setPosition(at.addScaledVector(out, size * 0.5)),
      );
    });
    if (kit.identity.shape[3]! > 0.5) pendant(kit, line, 0.32);
    anchors(kit, line);
  },
  choker(kit, line, drop) {
    const lift = -drop * 0.72;
    const points = Array.from({ length: 60 }, (_, i) => line((i / 29.5 - 1) * 0.97, lift).at);
    kit.add(
      kit.identity.material === "metal" ? "metal" : "body",
      "necklace",
      tube(points, kit.shape(1, 0.05, 0.09), { rows: 78, columns: 12, flat: 2 }),
    );
    for (let i = -3; i <= 3; i++) {
      const { at, out } = line(i * 0.07, lift);
      kit.stone(at.addScaledVector(out, 0.07), out, i === 0 ? 0.3 : 0.19, "stone", i % 2 ? "accent" : "main");
    }
    anchors(kit, line, lift);
  },
  collar(kit, line) {
    const rows = 3 + Math.round(kit.shape(1, 0, 1));
    for (let r = 0; r < rows; r++) chain(kit, line, 0.034, r * 0.16 - 0.3, r % 2 ? "metal" : jewel(kit));
    for (let i = -5; i <= 5; i++) {
      const { at, out } = line(i * 0.055, rows * 0.16 - 0.42);
      kit.stone(
        at.addScaledVector(out, 0.05),
        out,
        0.24 - Math.abs(i) * 0.014,
        "stone",
        i % 2 ? "accent" : "main",
        i % 2 ? "brilliant" : "pear",
      );
    }
    anchors(kit, line, rows * 0.16 - 0.3);
  },
  lariat(kit, line) {
    chain(kit, line, 0.026, -0.2);
    const { at } = line(0, -0.2);
    const long = kit.shape(2, 0.35, 0.55);
    kit.add(
      "metal",
      "band",
      new TorusGeometry(0.1, 0.026, 6, 21),
      new Matrix4().makeTranslation(at.x, at.y, at.z + 0.03),
    );
    for (const dx of [-0.06, 0.06]) {
      const foot = at.clone().add(new Vector3(dx, -long * (dx < 0 ? 1 : 0.8), 0.06));
      kit.add(
        "metal",
        "necklace",
        tube([at.clone().add(new Vector3(dx * 0.5, -0.06, 0.04)), at.clone().lerp(foot, 0.5), foot], 0.022, {
          columns: 7,
          rows: 21,
        }),
      );
      kit.stone(
        foot.clone().add(new Vector3(0, -0.12, 0.02)),
        new Vector3(0, 0.1, 1),
        0.24,
        "stone",
        dx < 0 ? "main" : "accent",
        "pear",
      );
    }
    kit.anchor(at.clone().add(new Vector3(0, -long - 0.2, 0.08)), new Vector3(0, 0, 1), 0.26, true);
    anchors(kit, line, -0.2);
  },
  beads(kit, line) {
    const size = kit.shape(1, 0.075, 0.12);
    along(line, size * 1.9, (at, out, _t, i) => {
      const kind = i % 4;
      const slot: Slot = kind === 0 ? "metal" : kind === 2 ? "accent" : jewel(kit) === "metal" ? "body" : jewel(kit);
      const geometry =
        kind === 0
          ? new SphereGeometry(size * 0.62, 13, 8)
          : kind === 2
            ? lathe((v) => [size * Math.sin(v * Math.PI) ** 0.6, (v - 0.5) * size * 1.5], {
                columns: 17,
                rows: 12,
                inside: "hidden",
              })
            : new SphereGeometry(size, 15, 11);
      kit.add(slot, "necklace", geometry, facing(at.addScaledVector(out, size * 0.4), new Vector3(1, 0.3, 0)));
    });
    anchors(kit, line);
  },
  layers(kit, line) {
    chain(kit, line, 0.02, -0.5);
    chain(kit, line, 0.026, -0.18);
    chain(kit, line, 0.022, 0.12);
    along(
      line,
      0.24,
      (at, out) =>
        kit.add(
          jewel(kit) === "metal" ? "body" : jewel(kit),
          "necklace",
          new SphereGeometry(0.045, 10, 7),
          new Matrix4().setPosition(at.addScaledVector(out, 0.01)),
        ),
      -0.18,
    );
    pendant(kit, line, kit.shape(2, 0.24, 0.36), 0.12);
    anchors(kit, line, -0.18);
  },
};
