import { BufferAttribute, BufferGeometry, CatmullRomCurve3, Vector3 } from "three";
import { markInside, type Inside } from "./hidden-sides.ts";

export type Point = readonly [x: number, y: number, z: number];

/** Clamped Hermite step from `a` to `b`. */
export function smooth(a: number, b: number, x: number): number {
  const t = Math.min(1, Math.max(0, (x - a) / (b - a)));
  return t * t * (3 - 2 * t);
}

export function mix(a: number, b: number, t: number): number {
  return a + (b - a) * t;
}

/** A small generator for the page: same numbers for a seed on every machine. */
export function seeded(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/**
 * A grid surface from f(u, v), u and v in 0..1, with uv coordinates and smooth normals (also across the seam when `closed`).
 * `flip` turns its outside; `inside` says whether the other side can be seen.
 */
export function surface(
  columns: number,
  rows: number,
  f: (u: number, v: number) => Point,
  options: { closed?: boolean; flip?: boolean; repeat?: readonly [number, number]; inside?: Inside } = {},
): BufferGeometry {
  const { closed = false, flip = false, repeat = [1, 1], inside = "seen" } = options;
  const count = (columns + 1) * (rows + 1);
  const position = new Float32Array(count * 3);
  const uv = new Float32Array(count * 2);
  for (let j = 0, k = 0; j <= rows; j++) {
    for (let i = 0; i <= columns; i++, k++) {
      const [x, y, z] = f(i / columns, j / rows);
      position[k * 3] = x;
      position[k * 3 + 1] = y;
      position[k * 3 + 2] = z;
      uv[k * 2] = (i / columns) * repeat[0];
      uv[k * 2 + 1] = (j / rows) * repeat[1];
    }
  }
  const index: number[] = [];
  for (let j = 0; j < rows; j++) {
    for (let i = 0; i < columns; i++) {
      const a = j * (columns + 1) + i;
      const [b, c, d] = [a + 1, a + columns + 1, a + columns + 2];
      if (flip) index.push(a, c, b, b, c, d);
      else index.push(a, b, c, b, d, c);
    }
  }
  const geometry = new BufferGeometry();
  geometry.setAttribute("position", new BufferAttribute(position, 3));
  geometry.setAttribute("uv", new BufferAttribute(uv, 2));
  geometry.setIndex(index);
  markInside(geometry, inside, columns, rows);
  geometry.computeVertexNormals();
  if (closed) {
    const normal = geometry.getAttribute("normal") as BufferAttribute;
    for (let j = 0; j <= rows; j++) {
      const a = j * (columns + 1);
      const b = a + columns;
      const n = new Vector3(
        normal.getX(a) + normal.getX(b),
        normal.getY(a) + normal.getY(b),
        normal.getZ(a) + normal.getZ(b),
      ).normalize();
      normal.setXYZ(a, n.x, n.y, n.z);
      normal.setXYZ(b, n.x, n.y, n.z);
    }
  }
  return geometry;
}

/** A surface of revolution about y: profile(v) gives [radius, height]; u = 0.5 faces the viewer (+z). */
export function lathe(
  profile: (v: number) => readonly [number, number],
  options: {
    columns?: number;
    rows?: number;
    repeat?: readonly [number, number];
    ripple?: (angle: number, v: number) => number;
    depth?: number;
    inside?: Inside;
  } = {},
): BufferGeometry {
  const { columns = 40, rows = 26, repeat = [2, 1], ripple, depth = 1, inside = "seen" } = options;
  // A profile may be a spline: once a row is enough.
  const outline = Array.from({ length: rows + 1 }, (_, j) => profile(j / rows));
  return surface(
    columns,
    rows,
    (u, v) => {
      const [radius, y] = outline[Math.round(v * rows)]!;
      const angle = (u - 0.5) * Math.PI * 2;
      const r = radius * (1 + (ripple?.(angle, v) ?? 0));
      return [Math.sin(angle) * r, y, Math.cos(angle) * r * depth];
    },
    { closed: true, repeat, inside },
  );
}

/** A smooth profile through control points [radius, height], for {@link lathe}. */
export function profileThrough(
  points: readonly (readonly [number, number])[],
): (v: number) => readonly [number, number] {
  const curve = new CatmullRomCurve3(
    points.map(([r, y]) => new Vector3(r, y, 0)),
    false,
    "centripetal",
  );
  // Grids ask for a row's point once a column.
  let [at, point]: [number, readonly [number, number]] = [NaN, [0, 0]];
  return (v) => {
    if (v !== at) {
      const p = curve.getPoint(v);
      [at, point] = [v, [Math.max(0, p.x), p.y]];
    }
    return point;
  };
}

/** A round tube along a curve through points, its ends within other things; `radius` may vary along it, `flat` squeezes it across. */
export function tube(
  points: readonly Vector3[],
  radius: number | ((v: number, angle: number) => number),
  options: {
    closed?: boolean;
    columns?: number;
    rows?: number;
    repeat?: readonly [number, number];
    flat?: number;
    inside?: Inside;
  } = {},
): BufferGeometry {
  const { closed = false, columns = 8, rows = 32, repeat = [1, 4], flat = 1, inside = "hidden" } = options;
  const curve = new CatmullRomCurve3([...points], closed, "centripetal");
  const frames = curve.computeFrenetFrames(rows, closed);
  const centres = Array.from({ length: rows + 1 }, (_, i) => curve.getPointAt(i / rows));
  return surface(
    columns,
    rows,
    (u, v) => {
      const i = Math.round(v * rows);
      const angle = u * Math.PI * 2;
      const r = typeof radius === "number" ? radius : radius(v, angle);
      const [n, b, c] = [frames.normals[i]!, frames.binormals[i]!, centres[i]!];
      const [s, t] = [Math.cos(angle) * r, Math.sin(angle) * r * flat];
      return [c.x + n.x * s + b.x * t, c.y + n.y * s + b.y * t, c.z + n.z * s + b.z * t];
    },
    { closed: true, flip: true, repeat, inside },
  );
}

/** A box with rounded sides: exponent 2 is an ellipsoid, large exponents a box. Mapped from the front. */
export function pillow(
  width: number,
  height: number,
  depth: number,
  exponent: number,
  columns = 32,
  rows = 20,
): BufferGeometry {
  const power = (x: number): number => Math.sign(x) * Math.abs(x) ** (2 / exponent);
  const geometry = surface(
    columns,
    rows,
    (u, v) => {
      const [a, b] = [(u - 0.5) * Math.PI * 2, (v - 0.5) * Math.PI];
      const c = power(Math.cos(b));
      return [
        (power(Math.sin(a)) * c * width) / 2,
        (power(Math.sin(b)) * height) / 2,
        (power(Math.cos(a)) * c * depth) / 2,
      ];
    },
    { closed: true, inside: "hidden" },
  );
  return mapFromFront(geometry, width, height);
}

/** Replaces uv by a flat projection from the front, so that a pattern lies undistorted on the faces that are seen. */
export function mapFromFront(geometry: BufferGeometry, width: number, height: number): BufferGeometry {
  const position = geometry.getAttribute("position");
  const uv = new Float32Array(position.count * 2);
  for (let i = 0; i < position.count; i++) {
    uv[i * 2] = position.getX(i) / width + 0.5 + Math.abs(position.getZ(i)) * 0.3;
    uv[i * 2 + 1] = position.getY(i) / height + 0.5;
  }
  geometry.setAttribute("uv", new BufferAttribute(uv, 2));
  return geometry;
}

/** Points on a circle in the xz plane (y up), from angle `from` over `sweep` radians; angle 0 faces the viewer. */
export function circle(radius: number, count: number, y = 0, from = 0, sweep = Math.PI * 2): Vector3[] {
  const closed = sweep >= Math.PI * 2 - 1e-6;
  return Array.from({ length: count }, (_, i) => {
    const a = from + (sweep * i) / (closed ? count : count - 1);
    return new Vector3(Math.sin(a) * radius, y, Math.cos(a) * radius);
  });
}

/** Smooth value noise in 0..1 on a lattice, for folds and dents. */
export function noise(x: number, y: number, seed: number): number {
  const [i, j] = [Math.floor(x), Math.floor(y)];
  const at = (a: number, b: number): number => {
    let h = Math.imul(a, 374761393) + Math.imul(b, 668265263) + Math.imul(seed | 0, 2147483647);
    h = Math.imul(h ^ (h >>> 13), 1274126177);
    return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
  };
  const [fx, fy] = [smooth(0, 1, x - i), smooth(0, 1, y - j)];
  return mix(mix(at(i, j), at(i + 1, j), fx), mix(at(i, j + 1), at(i + 1, j + 1), fx), fy);
}
