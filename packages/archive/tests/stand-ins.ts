import { setTimeout as sleep } from "node:timers/promises";
import { EMOTIONS_27 } from "@moodifier/emotion";
import { encodePng } from "@moodifier/inference";
import type { Annotator, Provider, Scorer } from "../src/index.ts";
import { sha256 } from "../src/store/unit.ts";

/** Numbers 0..255 that depend on a text only. */
export function noise(text: string, count: number): Uint8Array {
  const bytes: Buffer[] = [];
  for (let i = 0; i * 32 < count; i++) bytes.push(Buffer.from(sha256(`${text}:${i}`), "hex"));
  return new Uint8Array(Buffer.concat(bytes).subarray(0, count));
}

/** A picture of `side` x `side` pixels made of 8 x 8 flat blocks of noise, as PNG. */
export async function drawBlocks(name: string, side = 128): Promise<Buffer> {
  const cell = side / 8;
  const colours = noise(name, 8 * 8 * 3);
  const data = new Uint8Array(side * side * 3);
  for (let y = 0, to = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (Math.floor(y / cell) * 8 + Math.floor(x / cell)) * 3;
      for (let c = 0; c < 3; c++) data[to++] = colours[from + c]!;
    }
  }
  return encodePng({ width: side, height: side, channels: 3, data });
}

/** Draws `count` pictures; every seventh repeats the one before it, and three in a row belong to one group. */
export function createBlocksProvider(
  count: number,
  contexts = ["face", "natural", "urban", "object"] as const,
): Provider {
  return {
    name: "blocks",
    settings: { count },
    concurrency: 4,
    async *plan({ unitSize }) {
      for (let first = 0; first < count; first += unitSize) {
        const inUnit = Math.min(unitSize, count - first);
        yield { spec: { first, count: inUnit }, expected: inUnit };
      }
    },
    async *list(spec) {
      const { first, count: inUnit } = spec as { first: number; count: number };
      for (let index = first; index < first + inUnit; index++) {
        yield {
          uri: `blocks:${index}`,
          licence: { id: "CC0-1.0", url: "https://creativecommons.org/publicdomain/zero/1.0/" },
          attribution: index % 2 === 0 ? `Painter ${index}` : "",
          emotion: EMOTIONS_27[index % 3]!,
          context: contexts[index % 4]!,
          group: `series-${Math.floor(index / 3)}`,
          open: async () => ({
            bytes: await drawBlocks(`blocks ${index % 7 === 6 ? index - 1 : index}`),
            mediaType: "image/png",
          }),
        };
      }
    },
  };
}

/** Annotations that depend on the picture's bytes only; `delayMs` makes kills likely to hit. */
export function createAnnotator(delayMs = 0): Annotator & { asked: number } {
  const annotator = {
    asked: 0,
    identify: async () => "stand-in",
    annotate: async ({ bytes }: { bytes: Uint8Array }) => {
      annotator.asked++;
      if (delayMs > 0) await sleep(delayMs);
      const name = sha256(bytes).slice(0, 6);
      const box = { x0: 0.1, y0: 0.2, x1: 0.6, y1: 0.7 };
      return {
        summary: `A picture of ${name} in the sun.`,
        stimuli: ["left", "middle", "right"].map((side) => ({ text: `The ${side} part shows ${name}.`, box })),
        overall: "The picture conveys joy.",
        emotion: "joy",
        modelId: "stand-in",
      };
    },
    expand: async () => [],
    close: () => undefined,
  };
  return annotator;
}

/** Embeddings that depend on the bytes only. */
export function createScorer(): Scorer {
  const embed = (bytes: Uint8Array): Float32Array => {
    const values = Float32Array.from(noise(sha256(bytes), 16), (value) => value - 128);
    const length = Math.hypot(...values);
    return values.map((value) => value / length);
  };
  return {
    identify: async () => "stand-in",
    embedTexts: async (texts) => texts.map((text) => embed(Buffer.from(text))),
    embedImage: async ({ bytes }) => embed(bytes),
    close: () => undefined,
  };
}
