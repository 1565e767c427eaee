import { Resvg } from "@resvg/resvg-js";
import { EMOTIONS } from "@moodifier/emotion";
import { sample, withEmotion } from "./scene.ts";
import { drawScene } from "./svg.ts";

/** What {@link drawSheet} draws. */
export interface SheetOptions {
  readonly style: string;
  /** Figures per emotion; default 4. */
  readonly identities?: number;
  readonly seed?: number;
  /** Pixels on a side of one figure; default 112. */
  readonly size?: number;
  readonly intensity?: number;
}

const COLUMNS = 4;
const LABEL = 18;

/** A contact sheet as PNG: the 28 emotions of one style, each on the same few identities. */
export function drawSheet(options: SheetOptions): Uint8Array {
  const { style, identities = 4, seed = 1, size = 112, intensity = 0.9 } = options;
  const block = identities * size + 12;
  const rowHeight = size + LABEL;
  const people = Array.from({ length: identities }, (_, i) => sample(seed + i, { style }));
  const cells = EMOTIONS.flatMap((emotion, i) => {
    const x = (i % COLUMNS) * block;
    const y = Math.floor(i / COLUMNS) * rowHeight;
    const figures = people.map((person, j) => {
      const svg = drawScene(withEmotion(person, emotion, intensity));
      const at = `x="${x + j * size}" y="${y}" width="${size}" height="${size}"`;
      return `<rect ${at} fill="#${person.identity.background}"/>${svg.replace("<svg ", `<svg ${at} `)}`;
    });
    const label = `<text x="${x + 2}" y="${y + size + 13}" font-size="12" font-family="sans-serif">${emotion}</text>`;
    return [...figures, label];
  });
  const width = COLUMNS * block;
  const height = Math.ceil(EMOTIONS.length / COLUMNS) * rowHeight;
  const sheet = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${cells.join("")}</svg>`;
  return new Resvg(sheet, { background: "#ffffff", font: { loadSystemFonts: true } }).render().asPng();
}
