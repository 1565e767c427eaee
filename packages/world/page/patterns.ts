import {
  TURN,
  WAVE,
  disc,
  heart,
  star,
  flower,
  leaf,
  rose,
  rays,
  path,
  glyph,
  drop,
  eye,
  keyhole,
  crest,
  laurel,
  flame,
  spiral,
  claws,
  crack,
  PATTERN_SIZE,
  type Motif,
  type Pen,
} from "./motifs.ts";
import { seeded } from "./shapes.ts";

/** Everything a pattern needs to know. Colours are CSS colours. */
export interface PatternRequest {
  readonly name: string;
  readonly base: string;
  readonly accent: string;
  readonly strength: number;
  readonly scale: number;
  readonly grime: number;
  readonly glitter: number;
  readonly seed: number;
}

/** Paints a tileable surface: base colour, pattern in the accent colour, then glitter and grime. */
export function paintPattern(canvas: HTMLCanvasElement, request: PatternRequest): void {
  const pen = canvas.getContext("2d", { willReadFrequently: true })!;
  const random = seeded(request.seed);
  pen.save();
  pen.globalAlpha = 1;
  pen.fillStyle = request.base;
  pen.fillRect(0, 0, PATTERN_SIZE, PATTERN_SIZE);
  pen.fillStyle = pen.strokeStyle = request.accent;
  pen.lineCap = pen.lineJoin = "round";
  pen.globalAlpha = request.strength;
  PATTERNS[request.name]?.(pen, random, request.scale);
  pen.restore();
  if (request.glitter > 0) sprinkle(pen, random, request.glitter);
  if (request.grime > 0) soil(pen, random, request.grime);
}

function sprinkle(pen: Pen, random: () => number, amount: number): void {
  pen.save();
  for (let i = 0; i < 700 * amount; i++) {
    pen.globalAlpha = 0.35 + random() * 0.6;
    pen.fillStyle = random() < 0.7 ? "#fffdf2" : `hsl(${random() * 360} 90% 75%)`;
    const s = 1.2 + random() * 2.6;
    pen.fillRect(random() * PATTERN_SIZE, random() * PATTERN_SIZE, s, s);
  }
  pen.restore();
}

function soil(pen: Pen, random: () => number, amount: number): void {
  pen.save();
  for (let i = 0; i < 26 * amount; i++) {
    const [x, y, r] = [random() * PATTERN_SIZE, random() * PATTERN_SIZE, 30 + random() * 110];
    const cloud = pen.createRadialGradient(x, y, 0, x, y, r);
    cloud.addColorStop(0, `rgba(40,32,22,${0.32 * amount})`);
    cloud.addColorStop(1, "rgba(40,32,22,0)");
    pen.fillStyle = cloud;
    pen.fillRect(x - r, y - r, r * 2, r * 2);
  }
  pen.lineWidth = 1.3;
  for (let i = 0; i < 60 * amount; i++) {
    pen.strokeStyle = random() < 0.5 ? "rgba(255,255,255,0.35)" : "rgba(20,16,12,0.4)";
    const [x, y, a, l] = [random() * PATTERN_SIZE, random() * PATTERN_SIZE, random() * 3.1, 10 + random() * 50];
    pen.beginPath();
    pen.moveTo(x, y);
    pen.lineTo(x + Math.cos(a) * l, y + Math.sin(a) * l);
    pen.stroke();
  }
  pen.restore();
}

/** Draws a motif, made in a unit square about the origin, on a staggered grid; motifs at the edges repeat on the far side. */
function grid(
  columns: number,
  rows: number,
  size: number,
  motif: Motif,
  options: { turn?: number; wander?: number } = {},
) {
  return (pen: Pen, random: () => number, scale: number): void => {
    const [across, down] = [Math.max(2, Math.round(columns / scale)), Math.max(2, Math.round(rows / scale / 2) * 2)];
    const [w, h] = [PATTERN_SIZE / across, PATTERN_SIZE / down];
    for (let j = 0; j < down; j++) {
      for (let i = 0; i < across; i++) {
        const wander = options.wander ?? 0;
        const x = (i + (j % 2) * 0.5 + 0.25 + (random() - 0.5) * wander) * w;
        const y = (j + 0.5 + (random() - 0.5) * wander) * h;
        const angle = (random() - 0.5) * 2 * (options.turn ?? 0);
        for (const ox of x + w > PATTERN_SIZE ? [0, -PATTERN_SIZE] : [0]) {
          pen.save();
          pen.translate(x + ox, y);
          pen.rotate(angle);
          pen.scale(Math.min(w, h) * size, Math.min(w, h) * size);
          pen.lineWidth = 0.12;
          pen.beginPath();
          motif(pen, random);
          pen.restore();
        }
      }
    }
  };
}

/** Draws `count` strokes at random places; x is periodic. */
function scatter(count: number, draw: (pen: Pen, random: () => number, x: number, y: number) => void) {
  return (pen: Pen, random: () => number, scale: number): void => {
    for (let i = 0; i < count / scale; i++) {
      const [x, y] = [random() * PATTERN_SIZE, random() * PATTERN_SIZE];
      pen.beginPath();
      draw(pen, random, x, y);
    }
  };
}

/** Horizontal lines whose height is a periodic function of x. */
function lines(count: number, width: number, wave: (x: number, row: number, random: () => number) => number) {
  return (pen: Pen, random: () => number, scale: number): void => {
    const rows = Math.max(2, Math.round(count / scale));
    pen.lineWidth = width * scale;
    for (let j = 0; j < rows; j++) {
      pen.beginPath();
      for (let x = -8; x <= PATTERN_SIZE + 8; x += 8)
        pen.lineTo(x, ((j + 0.5) * PATTERN_SIZE) / rows + wave(x, j, random));
      pen.stroke();
    }
  };
}

const PATTERNS: Readonly<Record<string, (pen: Pen, random: () => number, scale: number) => void>> = {
  plain: () => undefined,
  arrows: grid(6, 6, 0.8, path([-0.4, 0.1], [0, -0.45], [0.4, 0.1], [0, -0.45], [0, 0.5])),
  blotches: scatter(34, (pen, random, x, y) => {
    for (let k = 0; k < 6; k++) {
      pen.globalAlpha = 0.3 + random() * 0.5;
      pen.beginPath();
      pen.arc(x + random() * 50 - 25, y + random() * 50 - 25, 5 + random() * 22, 0, TURN);
      pen.fill();
    }
  }),
  bouquets: grid(5, 5, 0.9, (pen, random) => {
    path([-0.2, 0.5], [0, 0], [0.2, 0.5])(pen, random);
    for (const [x, y] of [
      [-0.22, -0.1],
      [0.22, -0.1],
      [0, -0.32],
    ] as const) {
      pen.save();
      pen.translate(x, y);
      pen.scale(0.44, 0.44);
      pen.beginPath();
      flower(pen, random);
      pen.restore();
    }
  }),
  "broken lines": lines(7, 7, (_, row, random) => (random() < 0.12 ? 16 : 0) + (row % 2) * 3),
  bursts: grid(4, 4, 0.95, star(11, 0.24), { turn: 0.6, wander: 0.3 }),
  "check marks": grid(6, 6, 0.62, path([-0.45, 0.05], [-0.12, 0.4], [0.45, -0.4])),
  "claw marks": grid(3, 3, 0.85, claws, { turn: 0.5, wander: 0.4 }),
  confetti: scatter(190, (pen, random, x, y) => {
    pen.save();
    pen.translate(x, y);
    pen.rotate(random() * TURN);
    if (random() < 0.6) pen.fillStyle = `hsl(${random() * 360} 85% 58%)`;
    pen.fillRect(-10, -4, 20, 8);
    pen.restore();
  }),
  cracks: scatter(13, (pen, random, x, y) => crack(pen, random, x, y)),
  crests: grid(5, 5, 0.8, crest),
  "crossed bars": grid(6, 6, 0.9, (pen) => {
    pen.lineWidth = 0.18;
    pen.moveTo(-0.4, -0.4);
    pen.lineTo(0.4, 0.4);
    pen.moveTo(0.4, -0.4);
    pen.lineTo(-0.4, 0.4);
    pen.stroke();
  }),
  dots: grid(7, 8, 0.56, disc),
  drips: scatter(26, (pen, random, x) => {
    pen.globalAlpha = 0.75;
    pen.roundRect(x, -10, 12 + random() * 10, 90 + random() * 330, 9);
    pen.fill();
  }),
  exclamations: grid(6, 5, 0.95, glyph("!"), { turn: 0.4 }),
  eyes: grid(5, 6, 0.85, eye, { turn: 0.25 }),
  "faded stripes": (pen, _, scale) => {
    const rows = Math.round(9 / scale);
    for (let j = 0; j < rows; j++) {
      const fade = pen.createLinearGradient(0, 0, PATTERN_SIZE, 0);
      for (const [at, alpha] of [
        [0, 0.8],
        [0.3, 0.1],
        [0.6, 0.7],
        [1, 0.8],
      ] as const)
        fade.addColorStop(at, `rgba(240,240,240,${alpha})`);
      pen.fillStyle = fade;
      pen.fillRect(0, (j * PATTERN_SIZE) / rows, PATTERN_SIZE, PATTERN_SIZE / rows / 2.4);
    }
  },
  flames: grid(6, 5, 1.05, flame, { turn: 0.15 }),
  flowers: grid(5, 6, 0.82, flower, { turn: 3, wander: 0.2 }),
  hearts: grid(6, 6, 0.72, heart, { turn: 0.2 }),
  keyholes: grid(6, 5, 0.75, keyhole),
  laurels: grid(5, 5, 0.95, laurel),
  leaves: grid(6, 7, 0.85, leaf, { turn: 0.9 }),
  loops: (pen, random, scale) => {
    pen.lineWidth = 6;
    for (let n = 0; n < 7 / scale; n++) {
      const [x, y, a, b] = [random() * PATTERN_SIZE, random() * PATTERN_SIZE, 2 + random() * 3, 1 + random() * 3];
      pen.beginPath();
      for (let t = 0; t < TURN * 1.6; t += 0.1) pen.lineTo(x + Math.sin(t * a) * 90 + t * 9, y + Math.cos(t * b) * 70);
      pen.stroke();
    }
  },
  "question marks": grid(6, 5, 0.95, glyph("?"), { turn: 0.9 }),
  "rain drops": grid(8, 6, 0.8, drop, { wander: 0.6 }),
  ripples: grid(3, 3, 1, (pen) => {
    pen.lineWidth = 0.05;
    for (const r of [0.15, 0.28, 0.42, 0.52]) {
      pen.moveTo(r, 0);
      pen.arc(0, 0, r, 0, TURN);
    }
    pen.stroke();
  }),
  roses: grid(5, 5, 0.85, rose, { turn: 3 }),
  scales: grid(8, 10, 1.1, (pen) => {
    pen.lineWidth = 0.08;
    pen.arc(0, -0.2, 0.52, 0, Math.PI);
    pen.stroke();
  }),
  scratches: scatter(70, (pen, random, x, y) => {
    pen.lineWidth = 1.5 + random() * 3;
    const a = 0.5 + random() * 0.9;
    const l = 30 + random() * 110;
    pen.moveTo(x, y);
    pen.lineTo(x + Math.cos(a) * l, y + Math.sin(a) * l);
    pen.stroke();
  }),
  "single burst": (pen, _, scale) => {
    pen.translate(PATTERN_SIZE * 0.5, PATTERN_SIZE * 0.45);
    pen.lineWidth = 7;
    for (let i = 0; i < 26; i++) {
      const a = (i * TURN) / 26;
      pen.beginPath();
      pen.moveTo(Math.cos(a) * 36 * scale, Math.sin(a) * 36 * scale);
      pen.lineTo(Math.cos(a) * (i % 2 ? 230 : 130) * scale, Math.sin(a) * (i % 2 ? 230 : 130) * scale);
      pen.stroke();
    }
    pen.beginPath();
    pen.arc(0, 0, 24 * scale, 0, TURN);
    pen.fill();
  },
  slashes: scatter(24, (pen, random, x, y) => {
    pen.lineWidth = 5 + random() * 9;
    pen.moveTo(x, y);
    pen.lineTo(x + 60 + random() * 50, y - 80 - random() * 60);
    pen.stroke();
  }),
  "small dots": grid(13, 14, 0.36, disc),
  spirals: grid(5, 5, 0.9, spiral),
  squiggles: grid(
    5,
    7,
    0.9,
    (pen) => {
      for (let t = -0.5; t <= 0.5; t += 0.05) pen.lineTo(t, Math.sin(t * 13) * 0.2);
      pen.stroke();
    },
    { turn: 1.5, wander: 0.4 },
  ),
  stars: grid(6, 6, 0.8, star(5, 0.2), { turn: 0.4 }),
  stripes: lines(9, 22, () => 0),
  "sun rays": (pen, _, scale) => {
    pen.translate(PATTERN_SIZE * 0.5, PATTERN_SIZE * 0.9);
    const count = Math.round(30 / scale);
    for (let i = 0; i < count; i += 2) {
      pen.beginPath();
      pen.moveTo(0, 0);
      pen.arc(0, 0, 900, (i * TURN) / count, ((i + 1) * TURN) / count);
      pen.fill();
    }
  },
  sunbursts: grid(4, 4, 0.95, rays(12)),
  tears: grid(9, 5, 0.62, drop, { wander: 0.5 }),
  "trembling lines": lines(16, 3, (_x, _row, random) => (random() - 0.5) * 13),
  vines: (pen, random, scale) => {
    lines(5, 6, (x, row) => Math.sin(x * WAVE * 3 + row * 2) * 34)(pen, random, scale);
    const rows = Math.max(2, Math.round(5 / scale));
    for (let j = 0; j < rows; j++) {
      for (let x = 10; x < PATTERN_SIZE; x += 32) {
        pen.save();
        pen.translate(
          x,
          ((j + 0.5) * PATTERN_SIZE) / rows + Math.sin(x * WAVE * 3 + j * 2) * 34 + (x % 64 < 32 ? 14 : -14),
        );
        pen.scale(26, 26);
        pen.beginPath();
        leaf(pen, random);
        pen.restore();
      }
    }
  },
  waves: lines(10, 9, (x) => Math.sin(x * WAVE * 4) * 13),
  weave: (pen) => {
    pen.lineWidth = 3;
    pen.globalAlpha *= 0.5;
    for (let i = 0; i < PATTERN_SIZE; i += 16) {
      pen.strokeRect(i, -5, 8, PATTERN_SIZE + 10);
      pen.strokeRect(-5, i, PATTERN_SIZE + 10, 8);
    }
  },
  zigzags: lines(6, 20, (x) => (Math.abs(((x / 64) % 1) - 0.5) - 0.25) * 110),
};
