import type { PartName } from "../../parts.ts";
import type { ParametricScene } from "./scene.ts";

/** One layer of the drawing, from back to front. Coordinates are in a box of 100 x 100. */
export interface Layer {
  readonly part: PartName;
  readonly svg: string;
}

type P = readonly [x: number, y: number];
const n = (value: number): string => (Math.round(value * 100) / 100).toString();
const at = ([x, y]: P): string => `${n(x)} ${n(y)}`;

/** A colour times a factor: below 1 darker, above 1 towards white. */
function shade(hex: string, by: number): string {
  const channel = (i: number): string => {
    const value = Number.parseInt(hex.slice(i, i + 2), 16);
    const mixed = by <= 1 ? value * by : value + (255 - value) * (by - 1);
    return Math.round(Math.min(255, Math.max(0, mixed)))
      .toString(16)
      .padStart(2, "0");
  };
  return `#${channel(0)}${channel(2)}${channel(4)}`;
}

/** Draws a parametric face as layers; the background is not among them. */
export function drawParametric({ identity, controls: c, seed }: ParametricScene): Layer[] {
  const s = identity.shape;
  const skin = `#${identity.skin}`;
  const line = shade(identity.skin, 0.62);
  const hair = `#${identity.hair}`;
  const w = 23 + s[0]! * 5;
  const top = 22;
  const chin = 77.5 + s[1]! * 6;
  const eyeY = 48 + (s[9]! - 0.5) * 3;
  const apart = 10.5 + s[4]! * 2.6;
  const eyeSize = 4.6 + s[3]! * 1.5;
  const mouthY = 66 + s[1]! * 3;
  const layers: Layer[] = [];
  const add = (part: PartName, svg: string): void => void layers.push({ part, svg });

  // Behind the face.
  if (identity.cut === "long")
    add(
      "face",
      `<path d="M ${n(50 - w - 5)} 92 C ${n(50 - w - 9)} 40 ${n(50 - w)} 12 50 12 C ${n(50 + w)} 12 ${n(50 + w + 9)} 40 ${n(50 + w + 5)} 92 Z" fill="${shade(identity.hair, 0.85)}"/>`,
    );
  if (identity.cut === "bob")
    add(
      "face",
      `<path d="M ${n(50 - w - 5)} 70 C ${n(50 - w - 8)} 34 ${n(50 - w)} 12 50 12 C ${n(50 + w)} 12 ${n(50 + w + 8)} 34 ${n(50 + w + 5)} 70 Z" fill="${shade(identity.hair, 0.85)}"/>`,
    );
  if (identity.cut === "bun") add("face", `<circle cx="50" cy="13" r="9" fill="${shade(identity.hair, 0.9)}"/>`);
  add(
    "face",
    `<path d="M 12 104 C 14 88 32 86 41 83 L 59 83 C 68 86 86 88 88 104 Z" fill="#${identity.top}"/><path d="M 41 70 L 59 70 L 60 85 C 56 91 44 91 40 85 Z" fill="${shade(identity.skin, 0.86)}"/>`,
  );
  const ear = 50 - w + 0.6;
  for (const x of [ear, 100 - ear])
    add(
      "face",
      `<ellipse cx="${n(x)}" cy="${n(eyeY + 4)}" rx="4.4" ry="${n(6 + s[8]! * 2)}" fill="${shade(identity.skin, 0.94)}"/><ellipse cx="${n(x)}" cy="${n(eyeY + 4)}" rx="2" ry="3.4" fill="${shade(identity.skin, 0.8)}"/>`,
    );
  const jaw = 0.55 + s[2]! * 0.35;
  add(
    "face",
    `<path d="M ${n(50 - w)} 44 C ${n(50 - w)} ${top - 6} ${n(50 + w)} ${top - 6} ${n(50 + w)} 44 C ${n(50 + w)} 60 ${n(50 + w * jaw)} ${n(chin)} 50 ${n(chin)} C ${n(50 - w * jaw)} ${n(chin)} ${n(50 - w)} 60 ${n(50 - w)} 44 Z" fill="${skin}"/>`,
  );
  if (identity.extra === "beard")
    add(
      "face",
      `<path d="M ${n(50 - w + 1)} 54 C ${n(50 - w + 2)} 70 ${n(50 - w * jaw)} ${n(chin + 1)} 50 ${n(chin + 1)} C ${n(50 + w * jaw)} ${n(chin + 1)} ${n(50 + w - 2)} 70 ${n(50 + w - 1)} 54 C ${n(50 + w * 0.7)} ${n(mouthY - 4)} 60 ${n(mouthY - 6)} 50 ${n(mouthY - 6)} C 40 ${n(mouthY - 6)} ${n(50 - w * 0.7)} ${n(mouthY - 4)} ${n(50 - w + 1)} 54 Z" fill="${hair}" opacity="0.9"/>`,
    );
  if (identity.extra === "freckles")
    for (const [dx, dy] of [
      [8, 8],
      [11, 10],
      [14, 8],
      [10, 12],
      [13, 12],
    ] as const)
      for (const side of [-1, 1])
        add(
          "face",
          `<circle cx="${n(50 + side * dx)}" cy="${n(eyeY + dy)}" r="0.6" fill="${shade(identity.skin, 0.75)}"/>`,
        );

  // Cheeks: blush, and the fold that a raised cheek makes.
  const blush = Math.max(0, c.blush);
  for (const side of [-1, 1]) {
    if (blush > 0.03)
      add(
        "cheeks",
        `<ellipse cx="${n(50 + side * (apart + 3.5))}" cy="${n(eyeY + 11)}" rx="${n(5 + blush * 1.5)}" ry="${n(3 + blush)}" fill="#e8505b" opacity="${n(0.12 + blush * 0.38)}"/>`,
      );
    if (c.smile > 0.45)
      add(
        "cheeks",
        `<path d="M ${n(50 + side * 9)} ${n(mouthY - 6)} Q ${n(50 + side * (13 + c.smile * 2))} ${n(mouthY - 3)} ${n(50 + side * (12.5 + c.smile * 2))} ${n(mouthY + 2)}" stroke="${line}" stroke-width="0.7" fill="none" opacity="${n(0.7 * c.smile)}" stroke-linecap="round"/>`,
      );
  }
  const nose = 5.5 + s[6]! * 3;
  add(
    "face",
    `<path d="M ${n(49 + s[6]!)} ${n(eyeY + 3)} C ${n(47 - s[6]! * 2)} ${n(eyeY + nose)} ${n(46 - s[6]!)} ${n(eyeY + nose + 3.4)} ${n(50.4)} ${n(eyeY + nose + 3)}" stroke="${line}" stroke-width="1.1" fill="none" stroke-linecap="round"/>`,
  );

  for (const side of [-1, 1]) drawEye(add, side, 50 + side * apart, eyeY, eyeSize, `#${identity.eyes}`, line, c);
  for (const side of [-1, 1]) drawBrow(add, side, 50 + side * apart, eyeY, eyeSize, identity.hair, s[5]!, c);
  drawMouth(add, 50, mouthY, 8.5 + s[7]! * 3, line, c, seed);
  drawWater(add, apart, eyeY, eyeSize, c);

  // In front of the face.
  drawHair(add, identity.cut, hair, identity.hair, w);
  if (identity.extra === "glasses")
    for (const side of [-1, 1])
      add(
        "face",
        `<circle cx="${n(50 + side * apart)}" cy="${n(eyeY)}" r="${n(eyeSize + 2.6)}" fill="none" stroke="#2b2b30" stroke-width="1.1"/><path d="M ${n(50 + side * (apart - eyeSize - 2.6))} ${n(eyeY)} L 50 ${n(eyeY - 0.8)}" stroke="#2b2b30" stroke-width="1.1"/>`,
      );
  if (identity.extra === "earrings")
    for (const x of [ear - 0.5, 100.5 - ear])
      add("face", `<circle cx="${n(x)}" cy="${n(eyeY + 13)}" r="2.4" fill="none" stroke="#d9a935" stroke-width="1"/>`);
  return layers;
}

type Add = (part: PartName, svg: string) => void;
type C = ParametricScene["controls"];

function drawEye(add: Add, side: number, x: number, y: number, size: number, iris: string, line: string, c: C): void {
  const shut = side > 0 ? Math.max(0, c.wink) : Math.max(0, c.wink) * 0.15;
  const open = Math.max(0, c.open) * (1 - 0.95 * shut);
  const [w, h] = [size, size * 0.82];
  const up = h * Math.min(1.35, open);
  const down = h * 0.75 * Math.min(1.2, open) * (1 - 0.75 * c.squint);
  if (open < 0.25) {
    const bend = c.squint > 0.35 ? -h * 0.55 : h * 0.5;
    add(
      "eyes",
      `<path d="M ${n(x - w)} ${n(y)} Q ${n(x)} ${n(y + bend)} ${n(x + w)} ${n(y)}" stroke="#2c2320" stroke-width="1.5" fill="none" stroke-linecap="round"/>`,
    );
    return;
  }
  const lid = `M ${n(x - w)} ${n(y + 0.3)} Q ${n(x)} ${n(y - up * 1.7)} ${n(x + w)} ${n(y + 0.3)} Q ${n(x)} ${n(y + down * 1.7)} ${n(x - w)} ${n(y + 0.3)} Z`;
  const id = `e${side > 0 ? 1 : 0}`;
  const [ix, iy] = [x + c.lookX * w * 0.4, y - up * 0.12 + c.lookY * h * 0.4];
  const r = size * 0.56;
  add(
    "eyes",
    `<clipPath id="${id}"><path d="${lid}"/></clipPath><path d="${lid}" fill="#fbfaf7"/><g clip-path="url(#${id})"><circle cx="${n(ix)}" cy="${n(iy)}" r="${n(r)}" fill="${iris}"/><circle cx="${n(ix)}" cy="${n(iy)}" r="${n(r * (0.5 + Math.max(0, c.open - 1) * 0.25))}" fill="#141010"/><circle cx="${n(ix + r * 0.35)}" cy="${n(iy - r * 0.38)}" r="${n(r * 0.24)}" fill="#ffffff"/></g>` +
      `<path d="M ${n(x - w)} ${n(y + 0.3)} Q ${n(x)} ${n(y - up * 1.7)} ${n(x + w)} ${n(y + 0.3)}" stroke="#2c2320" stroke-width="1.3" fill="none" stroke-linecap="round"/>` +
      `<path d="M ${n(x - w * 0.9)} ${n(y + 0.5)} Q ${n(x)} ${n(y + down * 1.7)} ${n(x + w * 0.9)} ${n(y + 0.5)}" stroke="${line}" stroke-width="0.6" fill="none"/>`,
  );
  if (c.squint > 0.3)
    add(
      "eyes",
      `<path d="M ${n(x - w * 0.8)} ${n(y + down + 2)} Q ${n(x)} ${n(y + down + 3.2)} ${n(x + w * 0.8)} ${n(y + down + 2)}" stroke="${line}" stroke-width="0.7" fill="none" opacity="${n(c.squint)}"/>`,
    );
}

function drawBrow(add: Add, side: number, x: number, y: number, size: number, hair: string, thick: number, c: C): void {
  const base = y - size - 3.4 - Math.max(0, c.open - 1) * 2;
  const uneven = side > 0 ? c.unevenBrows * 2.6 : -c.unevenBrows * 1.4;
  const inner: P = [x - side * (size + 0.6 + c.knit * 1.6), base - c.innerBrow * 4.2 - uneven * 0.7 + c.knit * 0.8];
  const outer: P = [x + side * (size + 2.2), base + 1 - c.outerBrow * 3.6 - uneven];
  const arch: P = [x + side * 0.6, base - 2.4 - (c.innerBrow + c.outerBrow) * 1.6 - uneven];
  const colour = hair === "e9e6df" ? "#b9b4aa" : shade(hair, 0.8);
  add(
    "eyebrows",
    `<path d="M ${at(inner)} Q ${at(arch)} ${at(outer)}" stroke="${colour}" stroke-width="${n(1.7 + thick * 1.3)}" fill="none" stroke-linecap="round"/>`,
  );
  if (c.knit > 0.35 && side > 0)
    add(
      "eyebrows",
      `<path d="M 48.6 ${n(base + 1)} l -0.4 3.2 M 51.4 ${n(base + 1)} l 0.4 3.2" stroke="#00000055" stroke-width="0.8" stroke-linecap="round"/>`,
    );
}

function drawMouth(add: Add, x: number, y: number, width: number, line: string, c: C, seed: number): void {
  const w = width * (1 + c.stretch * 0.42) * (1 + Math.max(0, c.smile) * 0.18);
  const lift = c.smile * 4.6;
  const tilt = c.unevenMouth * 2.6;
  const left: P = [x - w, y - lift * 0.75 + tilt * 0.5];
  const right: P = [x + w, y - lift * 0.75 - tilt];
  const jaw = Math.max(0, c.jaw);
  const upper = y + lift * 0.35 - jaw * 1.5;
  const lower = y + lift * 0.75 + jaw * 13;
  if (jaw < 0.07) {
    if (c.tremble > 0.2) {
      const points = Array.from({ length: 13 }, (_, i) => {
        const t = i / 12;
        const px = left[0] + (right[0] - left[0]) * t;
        const py =
          left[1] +
          (right[1] - left[1]) * t +
          lift * 1.1 * (1 - (2 * t - 1) ** 2) +
          Math.sin(i * 2.4 + (seed % 7)) * c.tremble * 1.1;
        return `${n(px)} ${n(py)}`;
      });
      add(
        "mouth",
        `<polyline points="${points.join(" ")}" fill="none" stroke="${shade(line.slice(1), 0.7)}" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round"/>`,
      );
      return;
    }
    add(
      "mouth",
      `<path d="M ${at(left)} Q ${n(x)} ${n(y + lift * 1.3)} ${at(right)}" fill="none" stroke="${shade(line.slice(1), 0.7)}" stroke-width="1.6" stroke-linecap="round"/><path d="M ${n(x - w * 0.3)} ${n(y + lift * 0.6 + 3)} Q ${n(x)} ${n(y + lift * 0.6 + 4)} ${n(x + w * 0.3)} ${n(y + lift * 0.6 + 3)}" fill="none" stroke="${line}" stroke-width="0.7"/>`,
    );
    return;
  }
  const d = `M ${at(left)} Q ${n(x)} ${n(upper)} ${at(right)} Q ${n(x)} ${n(lower)} ${at(left)} Z`;
  const deep = (upper + lower) / 2;
  let inside = `<path d="${d}" fill="#5a1420"/>`;
  if (c.tongue > 0.1 || jaw > 0.45)
    inside += `<ellipse cx="${n(x)}" cy="${n(lower - jaw * 3 + 1)}" rx="${n(w * 0.55)}" ry="${n(2 + jaw * 3.4)}" fill="#d8606c"/>`;
  if (c.teeth > 0.08) {
    const tall = 1.2 + c.teeth * 2.6;
    inside += `<rect x="${n(x - w)}" y="${n(Math.min(left[1], right[1], upper) - 1)}" width="${n(w * 2)}" height="${n(Math.abs(deep - Math.min(left[1], right[1], upper)) * 0.45 + tall)}" fill="#fdfcf8"/>`;
    if (c.teeth > 0.7 && c.smile < 0.3)
      inside += `<rect x="${n(x - w)}" y="${n(lower - jaw * 7.5 - 0.4)}" width="${n(w * 2)}" height="9" fill="#f6f4ee"/>`;
  }
  add(
    "mouth",
    `<clipPath id="m"><path d="${d}"/></clipPath><g clip-path="url(#m)">${inside}</g><path d="${d}" fill="none" stroke="${shade(line.slice(1), 0.75)}" stroke-width="1.3" stroke-linejoin="round"/>`,
  );
  if (c.tongue > 0.35 && jaw > 0.15)
    add(
      "mouth",
      `<path d="M ${n(x - w * 0.35)} ${n(deep + 1)} L ${n(x - w * 0.35)} ${n(lower - jaw * 4 + c.tongue * 3.5)} Q ${n(x)} ${n(lower - jaw * 3 + c.tongue * 8)} ${n(x + w * 0.35)} ${n(lower - jaw * 4 + c.tongue * 3.5)} L ${n(x + w * 0.35)} ${n(deep + 1)} Z" fill="#e0707b"/>`,
    );
}

function drawWater(add: Add, apart: number, y: number, size: number, c: C): void {
  const drop = (x: number, top: number, long: number): string =>
    `<path d="M ${n(x)} ${n(top)} C ${n(x + 0.6)} ${n(top + long * 0.4)} ${n(x + 2)} ${n(top + long * 0.6)} ${n(x + 2)} ${n(top + long * 0.8)} A 2 2 0 0 1 ${n(x - 2)} ${n(top + long * 0.8)} C ${n(x - 2)} ${n(top + long * 0.6)} ${n(x - 0.6)} ${n(top + long * 0.4)} ${n(x)} ${n(top)} Z" fill="#7cc4f0" stroke="#4b9fd6" stroke-width="0.4"/>`;
  const tears = Math.max(0, c.tears);
  if (tears > 0.15) add("tears", drop(50 - apart - size * 0.4, y + size * 0.7, 3 + tears * 5));
  if (tears > 0.5)
    add(
      "tears",
      drop(50 + apart + size * 0.4, y + size * 0.9, 3 + tears * 5) +
        drop(50 - apart - size * 0.6, y + size + 7, 2 + tears * 4),
    );
  if (c.sweat > 0.25) add("tears", drop(50 + apart + 10, y - 16, 3 + c.sweat * 4));
}

function drawHair(add: Add, cut: string, hair: string, hex: string, w: number): void {
  const l = 50 - w - 1.5;
  const r = 50 + w + 1.5;
  const shine = shade(hex, 1.18);
  const caps: Record<string, string> = {
    short: `M ${n(l)} 46 C ${n(l - 3)} 20 36 9 52 10 C 70 9 ${n(r + 3)} 22 ${n(r)} 46 C ${n(r - 3)} 36 ${n(r - 5)} 30 62 27 C 50 32 38 31 ${n(l + 7)} 31 C ${n(l + 3)} 35 ${n(l + 2)} 40 ${n(l)} 46 Z`,
    crop: `M ${n(l + 1)} 40 C ${n(l)} 20 36 13 50 13 C 64 13 ${n(r)} 20 ${n(r - 1)} 40 C ${n(r - 4)} 28 60 24 50 24 C 40 24 ${n(l + 4)} 28 ${n(l + 1)} 40 Z`,
    bob: `M ${n(l - 1)} 58 C ${n(l - 5)} 20 34 9 50 9 C 66 9 ${n(r + 5)} 20 ${n(r + 1)} 58 C ${n(r - 3)} 44 ${n(r - 4)} 36 56 24 C 48 34 ${n(l + 6)} 36 ${n(l - 1)} 58 Z`,
    long: `M ${n(l - 1)} 62 C ${n(l - 5)} 20 34 9 50 9 C 66 9 ${n(r + 5)} 20 ${n(r + 1)} 62 C ${n(r - 3)} 46 ${n(r - 5)} 34 46 24 C 40 34 ${n(l + 4)} 40 ${n(l - 1)} 62 Z`,
    bun: `M ${n(l)} 44 C ${n(l - 2)} 20 36 12 50 12 C 64 12 ${n(r + 2)} 20 ${n(r)} 44 C ${n(r - 5)} 30 62 25 50 25 C 38 25 ${n(l + 5)} 30 ${n(l)} 44 Z`,
  };
  if (cut === "bald") return;
  if (cut === "curls") {
    const balls = Array.from({ length: 13 }, (_, i) => {
      const a = Math.PI * (1.08 - (i / 12) * 1.16);
      return `<circle cx="${n(50 + Math.cos(a) * (w + 1))}" cy="${n(39 - Math.sin(a) * 23)}" r="${n(6.6 + (i % 3) * 0.9)}" fill="${i % 2 ? hair : shade(hex, 0.9)}"/>`;
    });
    add(
      "face",
      balls.join("") +
        `<path d="M ${n(l + 4)} 32 C 38 18 62 18 ${n(r - 4)} 32 C 60 26 40 26 ${n(l + 4)} 32 Z" fill="${hair}"/>`,
    );
    return;
  }
  add(
    "face",
    `<path d="${caps[cut] ?? caps["short"]}" fill="${hair}"/><path d="M ${n(l + 8)} 24 C 40 15 52 14 60 16" stroke="${shine}" stroke-width="1.6" fill="none" stroke-linecap="round" opacity="0.6"/>`,
  );
}
