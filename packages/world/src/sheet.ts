import { Resvg } from "@resvg/resvg-js";
import { EMOTIONS, EMOTIONS_27 } from "@moodifier/emotion";
import { sampleFace, withFaceEmotion } from "./faces/face-scene.ts";
import { drawScene } from "./faces/svg.ts";
import { sample, withEmotion, type WorldCategory } from "./scene.ts";
import type { WorldRenderer } from "./stage/renderer.ts";

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

/** A contact sheet as PNG: the 28 emotions of one drawing style, each on the same few identities. Needs no browser. */
export function drawSheet(options: SheetOptions): Uint8Array {
  const { style, identities = 4, seed = 1, size = 112, intensity = 0.9 } = options;
  const block = identities * size + 12;
  const rowHeight = size + LABEL;
  const people = Array.from({ length: identities }, (_, i) => sampleFace(seed + i, { style }));
  const cells = EMOTIONS.flatMap((emotion, i) => {
    const x = (i % COLUMNS) * block;
    const y = Math.floor(i / COLUMNS) * rowHeight;
    const figures = people.map((person, j) => {
      const svg = drawScene(withFaceEmotion(person, emotion, intensity));
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

/** What {@link drawCategorySheet} draws. */
export interface CategorySheetOptions {
  readonly category: WorldCategory;
  readonly seed?: number;
  /** Pixels on a side of one picture; default 176. */
  readonly size?: number;
  readonly intensity?: number;
  /** True shows one identity with every emotion; else every picture has an identity of its own. */
  readonly oneIdentity?: boolean;
  readonly style?: string;
  readonly type?: "image/jpeg" | "image/webp";
  readonly onProgress?: (drawn: number, of: number) => void;
}

/** A contact sheet of a category: the 27 emotions in nine columns. */
export async function drawCategorySheet(renderer: WorldRenderer, options: CategorySheetOptions): Promise<Buffer> {
  const {
    category,
    seed = 1,
    size = 176,
    intensity = 0.9,
    oneIdentity = false,
    style,
    type = "image/jpeg",
    onProgress,
  } = options;
  const wanted = style === undefined ? { category } : { category, style };
  const tiles = [];
  for (const [i, emotion] of EMOTIONS_27.entries()) {
    const scene = withEmotion(sample(seed + (oneIdentity ? 0 : i), wanted), emotion, intensity);
    tiles.push({ rendered: await renderer.render(scene, size), label: emotion });
    onProgress?.(i + 1, EMOTIONS_27.length);
  }
  return renderer.drawSheet(tiles, { columns: 9, type, quality: 0.84 });
}
