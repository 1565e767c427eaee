import { BoxGeometry, SphereGeometry, TorusGeometry, Vector3 } from "three";
import { RoundedBoxGeometry } from "three/examples/jsm/geometries/RoundedBoxGeometry.js";
import { Kit, place, type Slot } from "../kit.ts";
import { lathe, profileThrough, surface, tube } from "../shapes.ts";
import type { Frame } from "./frame.ts";

/** Earrings are made hanging from the origin, their front at +z, then hung on a stand once or twice. */
export function buildEarring(kit: Kit): Frame {
  const { stand } = kit.identity;
  const hooks =
    stand === "ear"
      ? [new Vector3(0.08, 1.3, 0.2)]
      : stand === "bar"
        ? [new Vector3(-0.55, 1.75, 0.06), new Vector3(0.55, 1.75, 0.06)]
        : [new Vector3(-0.42, 1.5, 0.09), new Vector3(0.42, 1.5, 0.09)];
  for (const hook of hooks) {
    const one = new Kit("earring", kit.identity, 7);
    (FAMILIES[kit.identity.family] ?? FAMILIES["drop"]!)(one);
    one.move(place(hook.x, hook.y, hook.z, [0, stand === "ear" ? -0.25 : 0, 0], stand === "ear" ? 0.85 : 0.9));
    kit.pieces.push(...one.pieces);
    kit.stones.push(...one.stones);
    kit.anchors.push(...one.anchors);
  }
  if (stand === "ear") addEar(kit);
  if (stand === "bar") {
    kit.support(
      "standWood",
      lathe(
        profileThrough([
          [0.5, 0],
          [0.5, 0.06],
          [0.1, 0.1],
          [0.045, 0.3],
          [0.045, 1.8],
        ]),
        { columns: 26 },
      ),
    );
    kit.support(
      "standMetal",
      tube([new Vector3(-0.95, 1.8, 0), new Vector3(0, 1.8, 0), new Vector3(0.95, 1.8, 0)], 0.045),
    );
  }
  if (stand === "card") {
    kit.support("stand", new RoundedBoxGeometry(1.7, 2.1, 0.06, 3, 0.03), place(0, 1.06, 0, [-0.1, 0, 0]));
    kit.support("standWood", new BoxGeometry(1.2, 0.12, 0.5), place(0, 0.06, 0));
  }
  const top = hooks[0]!.y;
  return { fixed: top, free: top - 1.1, strength: 0.8, pivots: hooks.map((hook) => hook.x) };
}

/** An abstract ear on a smooth head, in the matt of a shop's bust. */
function addEar(kit: Kit): void {
  kit.support(
    "stand",
    lathe(
      profileThrough([
        [1.05, -0.3],
        [0.78, 0.25],
        [0.8, 0.75],
        [1.25, 1.3],
        [1.55, 2.0],
        [1.6, 2.7],
        [1.2, 3.5],
        [0, 3.8],
      ]),
      { columns: 42 },
    ),
    place(-0.15, 0, -1.42, [0, 0, 0]),
  );
  const rim = [
    [0.06, 1.38],
    [0.24, 1.6],
    [0.4, 1.95],
    [0.42, 2.25],
    [0.24, 2.5],
    [-0.05, 2.5],
    [-0.22, 2.28],
    [-0.2, 2.05],
  ] as const;
  kit.support(
    "stand",
    tube(
      rim.map(([x, y], i) => new Vector3(x, y, 0.1 + 0.1 * Math.sin(i / 2.4))),
      (v) => 0.085 + 0.03 * Math.sin(v * 3.1),
      { rows: 31 },
    ),
  );
  const inner = [
    [-0.02, 1.5],
    [0.16, 1.72],
    [0.2, 2.02],
    [0.08, 2.25],
    [-0.08, 2.28],
  ] as const;
  kit.support(
    "stand",
    tube(
      inner.map(([x, y]) => new Vector3(x, y, 0.12)),
      0.075,
      { rows: 22 },
    ),
  );
  kit.support(
    "stand",
    surface(24, 20, (u, v) => {
      const [a, r] = [u * Math.PI * 2, v];
      return [0.08 + Math.sin(a) * r * 0.33, 1.98 + Math.cos(a) * r * 0.55, 0.02 + r * r * 0.08];
    }),
  );
  kit.support("stand", new SphereGeometry(1, 20, 13), place(0.05, 1.42, 0.1, [0, -0.2, 0.3], [0.17, 0.22, 0.1]));
  kit.support("stand", new SphereGeometry(1, 14, 10), place(-0.2, 1.85, 0.12, [0, 0, 0.1], [0.07, 0.13, 0.09]));
}

function jewel(kit: Kit): Slot {
  const { material } = kit.identity;
  return material === "pearl" ? "pearl" : material === "metal" ? "metal" : "body";
}

function addHook(kit: Kit): number {
  kit.add(
    "metal",
    "band",
    tube(
      [
        new Vector3(0, -0.16, 0),
        new Vector3(0, -0.06, 0.035),
        new Vector3(0, 0.03, 0.01),
        new Vector3(0, 0.02, -0.08),
        new Vector3(0, -0.16, -0.12),
      ],
      0.017,
      { columns: 8, rows: 17 },
    ),
  );
  return -0.16;
}

function link(kit: Kit, y: number): void {
  kit.add("metal", "band", new TorusGeometry(0.04, 0.013, 6, 13), place(0, y, 0, [0, 0.6, 0]));
}

const FRONT = new Vector3(0, 0.12, 1);

const FAMILIES: Readonly<Record<string, (kit: Kit) => void>> = {
  stud(kit) {
    const size = kit.shape(0, 0.38, 0.56);
    kit.stone(new Vector3(0, 0, 0.08), FRONT, size, "stone");
    kit.add(
      "metal",
      "band",
      lathe((v) => [size * (0.2 + 0.33 * v), v * 0.12], { columns: 25, rows: 4 }),
      place(0, 0, -0.03, [Math.PI / 2, 0, 0]),
    );
    for (let i = 0; i < 8; i++) {
      const a = (i / 8) * Math.PI * 2;
      kit.add(
        "metal",
        "band",
        new SphereGeometry(0.035, 10, 8),
        place(Math.sin(a) * size * 0.5, Math.cos(a) * size * 0.5, 0.08),
      );
    }
    kit.anchor(new Vector3(0, -size * 0.52, 0.06), new Vector3(0, 0, 1), 0.3, true);
  },
  hoop(kit) {
    const r = kit.shape(0, 0.34, 0.52);
    const thick = kit.shape(1, 0.035, 0.075);
    kit.add(
      jewel(kit),
      "earring",
      tube(
        Array.from({ length: 40 }, (_, i) => {
          const a = (i / 40) * Math.PI * 2;
          return new Vector3(Math.sin(a) * r * 0.86, -r - 0.02 + Math.cos(a) * r, Math.sin(a) * r * 0.45);
        }),
        thick,
        { closed: true, rows: 52, repeat: [1, 5] },
      ),
    );
    for (const t of [-0.5, 0, 0.5]) {
      const a = Math.PI + t;
      kit.stone(
        new Vector3(Math.sin(a) * r * 0.86, -r - 0.02 + Math.cos(a) * r, Math.sin(a) * r * 0.45 + thick),
        FRONT,
        0.15,
        "stone",
        t === 0 ? "main" : "accent",
      );
      kit.anchor(
        new Vector3(Math.sin(a) * r * 0.86, -r - 0.02 + Math.cos(a) * (r + thick), Math.sin(a) * r * 0.45),
        new Vector3(0, 0, 1),
        0.26,
        true,
      );
    }
  },
  drop(kit) {
    const y = addHook(kit);
    link(kit, y - 0.03);
    const size = kit.shape(0, 0.36, 0.5);
    kit.add(
      "metal",
      "band",
      lathe((v) => [0.02 + size * 0.3 * v * v, y - 0.06 - v * 0.16], { columns: 20, rows: 10 }),
    );
    kit.stone(
      new Vector3(0, y - 0.24 - size * 0.5, 0),
      FRONT,
      size,
      "stone",
      "main",
      kit.identity.shape[1]! > 0.4 ? "pear" : kit.identity.cut,
    );
    kit.add(
      jewel(kit),
      "earring",
      tube(
        Array.from({ length: 36 }, (_, i) => {
          const a = (i / 36) * Math.PI * 2;
          return new Vector3(Math.sin(a) * size * 0.62, y - 0.24 - size * 0.5 + Math.cos(a) * size * 0.66, -0.02);
        }),
        0.032,
        { closed: true, rows: 39 },
      ),
    );
    kit.anchor(new Vector3(0, y - 0.26 - size * 1.15, 0), new Vector3(0, 0, 1), 0.28, true);
  },
  chandelier(kit) {
    const y = addHook(kit);
    const w = kit.shape(0, 0.34, 0.48);
    kit.stone(new Vector3(0, y - 0.12, 0.03), FRONT, 0.2, "stone", "accent");
    kit.add(
      "metal",
      "earring",
      surface(30, 8, (u, v) => {
        const a = (u - 0.5) * Math.PI;
        const r = 0.06 + v * w;
        return [
          Math.sin(a) * r,
          y - 0.24 - (1 - Math.cos(a)) * -0.06 - Math.cos(a) * r * 0.7,
          0.012 * Math.sin(u * 40),
        ];
      }),
    );
    for (let i = 0; i < 5; i++) {
      const a = ((i - 2) / 2) * 1.25;
      const at = new Vector3(Math.sin(a) * (w + 0.04), y - 0.24 - Math.cos(a) * (w + 0.04) * 0.7, 0);
      const long = 0.2 + 0.14 * Math.cos(a);
      kit.add(
        "metal",
        "band",
        tube([at, at.clone().setY(at.y - long * 0.5), at.clone().setY(at.y - long)], 0.012, { columns: 6, rows: 8 }),
      );
      kit.stone(at.clone().setY(at.y - long - 0.08), FRONT, 0.19, "stone", i % 2 ? "accent" : "main", "pear");
      kit.anchor(at.clone().setY(at.y - long - 0.18), new Vector3(0, 0, 1), 0.2, true);
    }
  },
  dangle(kit) {
    let y = addHook(kit);
    const count = 2 + Math.round(kit.shape(0, 0, 2));
    for (let i = 0; i < count; i++) {
      const size = 0.12 + i * 0.05;
      link(kit, y - 0.03);
      y -= 0.06 + size;
      const disc = lathe((v) => [size * Math.sin(v * Math.PI), (v - 0.5) * 0.09], {
        columns: 22,
        rows: 12,
        inside: "hidden",
      });
      kit.add(i % 2 === 0 ? jewel(kit) : "accent", "earring", disc, place(0, y, 0, [Math.PI / 2, 0, 0]));
      if (i === count - 1) kit.stone(new Vector3(0, y, 0.06), FRONT, size * 0.9, "stone");
      y -= size;
    }
    kit.anchor(new Vector3(0, y, 0), new Vector3(0, 0, 1), 0.28, true);
  },
  huggie(kit) {
    const r = kit.shape(0, 0.2, 0.27);
    kit.add(
      jewel(kit),
      "earring",
      surface(
        46,
        12,
        (u, v) => {
          const [a, b] = [u * Math.PI * 2, v * Math.PI * 2];
          const rr = r + Math.cos(b) * 0.055;
          return [Math.sin(b) * kit.shape(1, 0.07, 0.13), -r + Math.cos(a) * rr, Math.sin(a) * rr + 0.03];
        },
        { closed: true, inside: "hidden" },
      ),
    );
    for (let i = 0; i < 4; i++) {
      const a = 0.7 + i * 0.5;
      kit.stone(
        new Vector3(0, -r + Math.cos(a) * (r + 0.06), Math.sin(a) * (r + 0.06) + 0.03),
        new Vector3(0, Math.cos(a), Math.sin(a)),
        0.17,
        "stone",
        i % 2 ? "accent" : "main",
        "brilliant",
      );
    }
    kit.anchor(new Vector3(0, -r * 2 - 0.05, 0.03), new Vector3(0, 0, 1), 0.36, true);
  },
  tassel(kit) {
    const y = addHook(kit);
    kit.add(jewel(kit), "earring", new SphereGeometry(0.11, 17, 11), place(0, y - 0.12, 0));
    kit.add(
      "metal",
      "band",
      lathe((v) => [0.1 + 0.03 * v, y - 0.22 - v * 0.1], { columns: 20, rows: 4 }),
    );
    const long = kit.shape(0, 0.5, 0.8);
    const strands = 26;
    for (let i = 0; i < strands; i++) {
      const [a, r] = [i * 2.399, 0.11 * Math.sqrt((i + 0.5) / strands)];
      const foot = new Vector3(
        Math.sin(a) * r * 1.5,
        y - 0.3 - long * (0.95 + 0.08 * Math.sin(i * 7)),
        Math.cos(a) * r * 1.5,
      );
      kit.add(
        i % 4 === 0 ? "accent" : "body",
        "earring",
        tube(
          [new Vector3(Math.sin(a) * r, y - 0.28, Math.cos(a) * r), foot.clone().setY((y - 0.28 + foot.y) / 2), foot],
          0.017,
          { columns: 5, rows: 8 },
        ),
      );
    }
    kit.anchor(new Vector3(0, y - 0.28, 0.1), new Vector3(0, 0, 1), 0.24, true);
  },
};
