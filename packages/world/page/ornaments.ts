import {
  BoxGeometry,
  BufferGeometry,
  ConeGeometry,
  CylinderGeometry,
  ExtrudeGeometry,
  IcosahedronGeometry,
  Matrix4,
  Shape,
  SphereGeometry,
  TetrahedronGeometry,
  TorusGeometry,
  Vector3,
} from "three";
import type { ProductLook } from "../src/products/look.ts";
import { place, type Anchor, type Kit, type Slot } from "./kit.ts";
import { lathe, profileThrough, seeded, surface, tube } from "./shapes.ts";

type Part = readonly [slot: Slot, geometry: BufferGeometry];
type Random = () => number;

/**
 * Puts the look's ornament on a share of the kit's anchors. An ornament is made about the origin, 1 across, with z away from
 * the product and y up; one that hangs is made downwards from the origin.
 */
export function decorate(kit: Kit, look: ProductLook): void {
  const make = ORNAMENTS[look.ornament];
  if (make === undefined || kit.anchors.length === 0) return;
  const random = seeded(look.detail);
  const count = Math.max(1, Math.round(kit.anchors.length * look.ornamentShare));
  const step = kit.anchors.length / count;
  for (let i = 0; i < count; i++) {
    const anchor = kit.anchors[Math.floor(i * step)]!;
    const hanging = HANGING.has(look.ornament) || anchor.hang;
    for (const [slot, geometry] of make(random)) kit.add(slot, "ornament", geometry, frame(anchor, hanging));
  }
}

function frame(anchor: Anchor, hanging: boolean): Matrix4 {
  const z = anchor.out.clone();
  const y = Math.abs(z.y) > 0.95 ? new Vector3(0, 0, -1) : new Vector3(0, 1, 0);
  y.addScaledVector(z, -y.dot(z)).normalize();
  if (hanging) y.set(0, 1, 0);
  const x = new Vector3().crossVectors(y, z).normalize();
  z.crossVectors(x, y);
  const at = anchor.at.clone().addScaledVector(anchor.out, 0.01);
  const size = anchor.size;
  const shift = hanging && !anchor.hang ? 0 : hanging ? -0.1 * size : 0;
  return new Matrix4()
    .makeBasis(x, y, z)
    .setPosition(at.x, at.y + shift, at.z)
    .scale(new Vector3(size, size, size));
}

const HANGING = new Set([
  "tassel",
  "tear",
  "drop",
  "bell",
  "chain tag",
  "thread",
  "ribbon",
  "black ribbon",
  "veil",
  "spring",
  "key",
  "blob",
]);

function flat(shape: Shape, depth = 0.16): BufferGeometry {
  return new ExtrudeGeometry(shape, {
    depth,
    bevelEnabled: true,
    bevelSize: 0.05,
    bevelThickness: 0.05,
    bevelSegments: 2,
    curveSegments: 12,
  });
}

function polygon(points: number, inner: number): Shape {
  const shape = new Shape();
  for (let i = 0; i < points * 2; i++) {
    const [r, a] = [i % 2 ? inner : 0.45, (i * Math.PI) / points + Math.PI / 2];
    if (i === 0) shape.moveTo(Math.cos(a) * r, Math.sin(a) * r);
    else shape.lineTo(Math.cos(a) * r, Math.sin(a) * r);
  }
  shape.closePath();
  return shape;
}

function heart(): Shape {
  const shape = new Shape();
  shape.moveTo(0, -0.42);
  shape.bezierCurveTo(-0.75, 0.1, -0.38, 0.58, 0, 0.2);
  shape.bezierCurveTo(0.38, 0.58, 0.75, 0.1, 0, -0.42);
  return shape;
}

function spike(height: number, radius: number): Part[] {
  return [["metal", new ConeGeometry(radius, height, 10).applyMatrix4(place(0, 0, height / 2, [Math.PI / 2, 0, 0]))]];
}

function teardrop(length: number, y = 0): BufferGeometry {
  return lathe(
    profileThrough(
      [
        [0, 0],
        [0.05, -0.1],
        [0.17, -0.4],
        [0.2, -0.58],
        [0.12, -0.74],
        [0, -0.78],
      ].map(([r, h]) => [r!, y + h! * length] as const),
    ),
    { columns: 14, rows: 14, inside: "hidden" },
  );
}

function strip(points: readonly Vector3[], width: number): BufferGeometry {
  return tube(points, width, { columns: 8, rows: 20, flat: 0.12 });
}

function wavy(random: Random, length: number, lean: number): Vector3[] {
  const phase = random() * 6;
  return Array.from(
    { length: 7 },
    (_, i) =>
      new Vector3(
        lean * i * 0.12 + Math.sin(i * 1.1 + phase) * 0.1,
        (-i / 6) * length,
        0.05 + Math.cos(i * 1.3 + phase) * 0.07,
      ),
  );
}

function bow(slot: Slot): Part[] {
  const parts: Part[] = [];
  for (const side of [-1, 1]) {
    parts.push([
      slot,
      surface(16, 10, (u, v) => {
        const a = u * Math.PI * 2;
        const open = Math.sin(v * Math.PI * 0.85 + 0.1) * 0.24;
        return [side * (0.05 + v * 0.5), Math.sin(a) * open, 0.1 + Math.cos(a) * open * 0.35];
      }),
    ]);
    parts.push([
      slot,
      strip(
        [new Vector3(side * 0.05, 0, 0.08), new Vector3(side * 0.2, -0.3, 0.1), new Vector3(side * 0.27, -0.65, 0.06)],
        0.1,
      ),
    ]);
  }
  parts.push([slot, new SphereGeometry(0.11, 10, 7).applyMatrix4(place(0, 0, 0.12))]);
  return parts;
}

function blossom(): Part[] {
  const petals = Array.from({ length: 5 }, (_, i): Part => {
    const a = (i / 5) * Math.PI * 2;
    return [
      "accent",
      new SphereGeometry(0.2, 10, 8).applyMatrix4(
        place(Math.sin(a) * 0.25, Math.cos(a) * 0.25, 0.08, [0, 0, 0], [1, 1, 0.35]),
      ),
    ];
  });
  return [...petals, ["metal", new SphereGeometry(0.13, 10, 7).applyMatrix4(place(0, 0, 0.14))]];
}

/** One maker per ornament name of the emotion package's `looks.json`. */
const ORNAMENTS: Readonly<Record<string, (random: Random) => Part[]>> = {
  bell: () => [
    [
      "metal",
      lathe(
        profileThrough([
          [0.34, -0.62],
          [0.3, -0.5],
          [0.2, -0.3],
          [0.12, -0.1],
          [0, -0.06],
        ]),
        { columns: 20, rows: 14 },
      ),
    ],
    ["dark", new SphereGeometry(0.08, 12, 8).applyMatrix4(place(0, -0.62, 0))],
  ],
  "black ribbon": (random) => [
    ["dark", strip(wavy(random, 1.4, 0.5), 0.16)],
    ["dark", strip(wavy(random, 1.2, -0.5), 0.16)],
    ["dark", new SphereGeometry(0.14, 12, 8)],
  ],
  blob: (random) => [
    ["accent", teardrop(1.1 + random() * 0.8, 0.1).applyMatrix4(place(0, 0, 0.05, [0, 0, 0], [1.5, 1, 1.2]))],
  ],
  blossom,
  bow: () => bow("accent"),
  button: () => [
    ["accent", new CylinderGeometry(0.34, 0.36, 0.12, 20).applyMatrix4(place(0, 0, 0.06, [Math.PI / 2, 0, 0]))],
    ["accent", new TorusGeometry(0.3, 0.05, 6, 20).applyMatrix4(place(0, 0, 0.12))],
  ],
  "chain tag": (random) => [
    ["metal", new TorusGeometry(0.1, 0.03, 6, 11)],
    [
      "metal",
      new BoxGeometry(0.36, 0.55, 0.05).applyMatrix4(place(0.06, -0.4, 0.05, [0, 0.3, (random() - 0.5) * 1.2])),
    ],
  ],
  clasp: () => [
    ["dark", new BoxGeometry(0.55, 0.42, 0.14).applyMatrix4(place(0, 0, 0.07))],
    ["metal", new BoxGeometry(0.34, 0.08, 0.1).applyMatrix4(place(0, 0, 0.14))],
  ],
  "cracked bead": (random) => [
    ["accent", new SphereGeometry(0.34, 13, 8, 0, 5.2).applyMatrix4(place(0, 0, 0.25, [random(), random() * 6, 0]))],
    ["dark", new SphereGeometry(0.3, 10, 7).applyMatrix4(place(0, 0, 0.25))],
  ],
  crown: () => [
    [
      "metal",
      surface(
        40,
        6,
        (u, v) => {
          const a = u * Math.PI * 2;
          return [Math.sin(a) * 0.42, -0.2 + v * (0.3 + 0.3 * Math.abs(Math.sin(a * 2.5))), 0.24 + Math.cos(a) * 0.22];
        },
        { closed: true },
      ),
    ],
    ["facet", new IcosahedronGeometry(0.11).applyMatrix4(place(0, -0.08, 0.5))],
  ],
  crystal: (random) => [
    [
      "facet",
      new CylinderGeometry(0.02, 0.2, 0.75, 6)
        .toNonIndexed()
        .applyMatrix4(place(0, 0.1, 0.25, [1.0, 0, (random() - 0.5) * 0.8])),
    ],
    [
      "accentFacet",
      new CylinderGeometry(0.02, 0.13, 0.5, 6).toNonIndexed().applyMatrix4(place(0.18, -0.05, 0.16, [1.1, 0.6, -0.5])),
    ],
  ],
  drop: () => [
    ["metal", new TorusGeometry(0.08, 0.025, 6, 11)],
    ["facet", teardrop(1.1, -0.06).toNonIndexed()],
  ],
  heart: () => [["facet", flat(heart()).applyMatrix4(place(0, -0.05, 0.02))]],
  key: () => [
    ["metal", new TorusGeometry(0.19, 0.06, 6, 17).applyMatrix4(place(0, -0.22, 0.06))],
    ["metal", new CylinderGeometry(0.05, 0.05, 0.6, 10).applyMatrix4(place(0, -0.7, 0.06))],
    ["metal", new BoxGeometry(0.2, 0.07, 0.06).applyMatrix4(place(0.1, -0.9, 0.06))],
    ["metal", new BoxGeometry(0.15, 0.07, 0.06).applyMatrix4(place(0.08, -0.76, 0.06))],
  ],
  lens: () => [
    ["metal", new TorusGeometry(0.34, 0.07, 6, 22).applyMatrix4(place(0, 0, 0.1))],
    ["facet", new SphereGeometry(0.32, 14, 8).applyMatrix4(place(0, 0, 0.1, [0, 0, 0], [1, 1, 0.35]))],
  ],
  medal: () => [
    ["metal", new CylinderGeometry(0.36, 0.36, 0.1, 22).applyMatrix4(place(0, -0.1, 0.06, [Math.PI / 2, 0, 0]))],
    ["accent", flat(polygon(5, 0.18), 0.03).applyMatrix4(place(0, -0.1, 0.1, [0, 0, 0], 0.6))],
    ["accent", new BoxGeometry(0.22, 0.4, 0.04).applyMatrix4(place(0, 0.32, 0.04))],
  ],
  "odd piece": (random) => {
    const slot: Slot = (["metal", "accent", "facet", "pearl"] as const)[Math.floor(random() * 4)]!;
    const shapes = [
      new BoxGeometry(0.5, 0.5, 0.5),
      new SphereGeometry(0.32, 13, 8),
      new TorusGeometry(0.25, 0.1, 6, 17),
      new TetrahedronGeometry(0.42),
      new ConeGeometry(0.26, 0.6, 18),
    ];
    return [
      [
        slot,
        shapes[Math.floor(random() * shapes.length)]!.applyMatrix4(
          place(0, 0, 0.25, [random() * 3, random() * 3, random() * 3]),
        ),
      ],
    ];
  },
  pebble: (random) => [
    ["accent", new SphereGeometry(0.36, 13, 8).applyMatrix4(place(0, 0, 0.1, [0, 0, random() * 3], [1, 0.75, 0.5]))],
  ],
  pompom: (random) => {
    const parts: Part[] = [["accent", new SphereGeometry(0.3, 10, 7).applyMatrix4(place(0, 0, 0.28))]];
    for (let i = 0; i < 34; i++) {
      const [y, a] = [1 - (2 * (i + 0.5)) / 34, i * 2.399];
      const r = Math.sqrt(1 - y * y);
      const s = 0.1 + random() * 0.04;
      parts.push([
        i % 3 ? "accent" : "body",
        new SphereGeometry(s, 6, 5).applyMatrix4(
          place(Math.cos(a) * r * 0.33, y * 0.33, 0.28 + Math.sin(a) * r * 0.33),
        ),
      ]);
    }
    return parts;
  },
  ribbon: (random) => [
    ["accent", strip(wavy(random, 1.7, 0.6), 0.13)],
    ["body", strip(wavy(random, 1.5, -0.4), 0.11)],
  ],
  spike: (random) => spike(0.75 + random() * 0.4, 0.2),
  spring: () => [
    [
      "metal",
      tube(
        Array.from(
          { length: 48 },
          (_, i) => new Vector3(Math.cos(i * 0.7) * 0.16, -i * 0.022, Math.sin(i * 0.7) * 0.16),
        ),
        0.035,
        { columns: 6, rows: 98 },
      ),
    ],
    ["accent", new SphereGeometry(0.18, 11, 8).applyMatrix4(place(0, -1.15, 0))],
  ],
  star: () => [["metal", flat(polygon(5, 0.19))]],
  sun: () => [
    ["metal", flat(polygon(12, 0.3), 0.05)],
    ["accent", new SphereGeometry(0.24, 13, 8).applyMatrix4(place(0, 0, 0.1, [0, 0, 0], [1, 1, 0.4]))],
  ],
  tassel: () => [
    ["metal", new SphereGeometry(0.1, 12, 8).applyMatrix4(place(0, -0.1, 0.05))],
    [
      "accent",
      lathe(
        profileThrough([
          [0.02, -0.14],
          [0.12, -0.22],
          [0.15, -0.6],
          [0.19, -1.1],
          [0, -1.12],
        ]),
        { columns: 25, rows: 14, inside: "hidden", ripple: (a) => 0.12 * Math.sin(a * 12) },
      ).applyMatrix4(place(0, 0, 0.05)),
    ],
  ],
  tear: () => [["facet", teardrop(1, 0).applyMatrix4(place(0, 0, 0.06))]],
  thorn: (random) => [
    [
      "dark",
      tube(
        [
          new Vector3(0, 0, -0.02),
          new Vector3(0, 0.06, 0.3),
          new Vector3((random() - 0.5) * 0.4, 0.3, 0.75 + random() * 0.3),
        ],
        (v) => 0.13 * (1 - v) + 0.004,
        { columns: 8, rows: 12 },
      ),
    ],
  ],
  thread: (random) =>
    [0, 1, 2].map((): Part => [
      "accent",
      tube(wavy(random, 0.9 + random() * 0.6, random() - 0.5), 0.028, { columns: 5, rows: 17 }),
    ]),
  veil: (random) => {
    const phase = random() * 6;
    return [
      [
        "accent",
        surface(18, 12, (u, v) => [(u - 0.5) * (0.7 + v * 0.9), -v * 0.95, 0.08 + 0.1 * Math.sin(u * 16 + phase) * v]),
      ],
    ];
  },
};
