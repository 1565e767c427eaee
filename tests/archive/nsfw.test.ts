import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPicture } from "../../packages/inference/src/index.ts";
import { type NsfwClassifier, openNsfwClassifier } from "../../packages/safety/src/index.ts";

const script = fileURLToPath(new URL("../../scripts/fetch-open-nsfw.mjs", import.meta.url));
let classifier: NsfwClassifier;

beforeAll(async () => {
  const file = execFileSync(process.execPath, [script], { encoding: "utf8" }).trim();
  classifier = await openNsfwClassifier({ file, threads: 1 });
});
afterAll(() => classifier.close());

type Paint = (x: number, y: number) => readonly number[];
const fold = (x: number, y: number): number => (Math.sin(x / 40) * Math.cos(y / 55) + 1) / 2;
const draw = (paint: Paint) => {
  const data = new Uint8Array(256 * 256 * 3);
  for (let i = 0; i < 256 * 256; i++) data.set(paint(i % 256, Math.floor(i / 256)).map(Math.floor), i * 3);
  return createPicture({ width: 256, height: 256, channels: 3, data });
};

describe("Open-NSFW through our runtime", () => {
  // Scores of the Python package on the same pixels; swapped colours alone would move the second by 0.06.
  it.each<[string, Paint, number]>([
    ["a flat skin tone", () => [224, 172, 140], 0.2143],
    ["folds in skin tones", (x, y) => [140 + fold(x, y) * 100, 90 + fold(x, y) * 90, 70 + fold(x, y) * 80], 0.1271],
    ["the same folds in blue", (x, y) => [70 + fold(x, y) * 80, 90 + fold(x, y) * 90, 140 + fold(x, y) * 100], 0.0705],
    ["a ramp", (x, y) => [x, 120, y], 0.003],
  ])("scores %s as the Python package does", async (_, paint, expected) => {
    expect(Math.abs((await classifier.score(draw(paint))) - expected)).toBeLessThan(0.004);
  });
});
