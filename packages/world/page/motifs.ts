/** A canvas pen. */
export type Pen = CanvasRenderingContext2D;
/** Draws one motif in a unit square about the origin; a path has been begun. */
export type Motif = (pen: Pen, random: () => number) => void;

/** Pixels on a side of a pattern's canvas. */
export const PATTERN_SIZE = 512;

export const TURN = Math.PI * 2;
export const WAVE = TURN / PATTERN_SIZE;

export const disc: Motif = (pen) => {
  pen.arc(0, 0, 0.5, 0, TURN);
  pen.fill();
};
export const heart: Motif = (pen) => {
  pen.moveTo(0, 0.48);
  pen.bezierCurveTo(-0.8, -0.1, -0.4, -0.62, 0, -0.22);
  pen.bezierCurveTo(0.4, -0.62, 0.8, -0.1, 0, 0.48);
  pen.fill();
};
export const star =
  (points: number, inner: number): Motif =>
  (pen) => {
    for (let i = 0; i < points * 2; i++) {
      const [r, a] = [i % 2 ? inner : 0.5, (i * Math.PI) / points - Math.PI / 2];
      pen.lineTo(Math.cos(a) * r, Math.sin(a) * r);
    }
    pen.closePath();
    pen.fill();
  };
export const flower: Motif = (pen) => {
  for (let i = 0; i < 5; i++) {
    const a = (i * TURN) / 5;
    pen.beginPath();
    pen.arc(Math.cos(a) * 0.28, Math.sin(a) * 0.28, 0.21, 0, TURN);
    pen.fill();
  }
  pen.fillStyle = "#ffd23e";
  pen.beginPath();
  pen.arc(0, 0, 0.15, 0, TURN);
  pen.fill();
};
export const leaf: Motif = (pen) => {
  pen.moveTo(-0.5, 0.3);
  pen.quadraticCurveTo(-0.3, -0.45, 0.5, -0.35);
  pen.quadraticCurveTo(0.4, 0.4, -0.5, 0.3);
  pen.fill();
};
export const rose: Motif = (pen) => {
  pen.lineWidth = 0.09;
  for (let r = 0.08; r < 0.5; r += 0.11) {
    pen.beginPath();
    pen.arc(Math.sin(r * 30) * 0.04, Math.cos(r * 30) * 0.04, r, r * 9, r * 9 + 5.2);
    pen.stroke();
  }
};
export const rays =
  (count: number): Motif =>
  (pen) => {
    pen.arc(0, 0, 0.2, 0, TURN);
    pen.fill();
    pen.lineWidth = 0.07;
    pen.beginPath();
    for (let i = 0; i < count; i++) {
      const a = (i * TURN) / count;
      pen.moveTo(Math.cos(a) * 0.28, Math.sin(a) * 0.28);
      pen.lineTo(Math.cos(a) * 0.5, Math.sin(a) * 0.5);
    }
    pen.stroke();
  };
export const path =
  (...points: readonly (readonly [number, number])[]): Motif =>
  (pen) => {
    for (const [x, y] of points) pen.lineTo(x, y);
    pen.stroke();
  };
export const glyph =
  (text: string): Motif =>
  (pen) => {
    pen.font = "bold 1px sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.fillText(text, 0, 0);
  };
export const drop: Motif = (pen) => {
  pen.moveTo(0, -0.5);
  pen.bezierCurveTo(0.1, -0.2, 0.3, 0, 0.28, 0.22);
  pen.arc(0, 0.22, 0.28, 0, Math.PI);
  pen.bezierCurveTo(-0.3, 0, -0.1, -0.2, 0, -0.5);
  pen.fill();
};
export const eye: Motif = (pen) => {
  pen.moveTo(-0.5, 0);
  pen.quadraticCurveTo(0, -0.45, 0.5, 0);
  pen.quadraticCurveTo(0, 0.45, -0.5, 0);
  pen.fill();
  pen.fillStyle = "#0b0b0d";
  pen.beginPath();
  pen.arc(0, 0, 0.16, 0, TURN);
  pen.fill();
};
export const keyhole: Motif = (pen) => {
  pen.arc(0, -0.18, 0.22, 0, TURN);
  pen.fill();
  pen.beginPath();
  pen.moveTo(-0.08, -0.1);
  pen.lineTo(-0.2, 0.5);
  pen.lineTo(0.2, 0.5);
  pen.lineTo(0.08, -0.1);
  pen.fill();
};
export const crest: Motif = (pen) => {
  pen.moveTo(-0.4, -0.45);
  pen.lineTo(0.4, -0.45);
  pen.quadraticCurveTo(0.45, 0.25, 0, 0.5);
  pen.quadraticCurveTo(-0.45, 0.25, -0.4, -0.45);
  pen.stroke();
  pen.beginPath();
  star(5, 0.2)(pen, () => 0.5);
};
export const laurel: Motif = (pen) => {
  for (const side of [-1, 1]) {
    for (let i = 0; i < 5; i++) {
      const a = Math.PI / 2 + side * (0.5 + i * 0.45);
      pen.beginPath();
      pen.ellipse(Math.cos(a) * 0.38, Math.sin(a) * 0.38, 0.15, 0.06, a + side * 0.9, 0, TURN);
      pen.fill();
    }
  }
};
export const flame: Motif = (pen) => {
  pen.moveTo(0, -0.55);
  pen.bezierCurveTo(0.1, -0.2, 0.45, -0.05, 0.28, 0.4);
  pen.quadraticCurveTo(0, 0.62, -0.28, 0.4);
  pen.bezierCurveTo(-0.42, 0.1, -0.2, 0.05, -0.18, -0.2);
  pen.bezierCurveTo(-0.02, -0.12, 0.02, -0.3, 0, -0.55);
  pen.fill();
};
export const spiral: Motif = (pen) => {
  for (let t = 0; t < 15; t += 0.4) pen.lineTo(Math.cos(t) * t * 0.033, Math.sin(t) * t * 0.033);
  pen.stroke();
};
export const claws: Motif = (pen) => {
  for (const dx of [-0.25, 0, 0.25]) {
    pen.beginPath();
    pen.moveTo(dx + 0.12, -0.5);
    pen.quadraticCurveTo(dx + 0.05, 0, dx - 0.14, 0.5);
    pen.quadraticCurveTo(dx - 0.04, 0, dx + 0.12, -0.5);
    pen.fill();
    pen.stroke();
  }
};
export const crack = (pen: Pen, random: () => number, x: number, y: number, branch = 2): void => {
  pen.lineWidth = 1.5 + branch * 1.6;
  pen.beginPath();
  pen.moveTo(x, y);
  for (let k = 0; k < 8; k++) {
    x += random() * 64 - 32;
    y += random() * 54 - 14;
    pen.lineTo(x, y);
  }
  pen.stroke();
  if (branch > 0) crack(pen, random, x, y - 60, branch - 1);
};
