import { EMOTIONS } from "@moodifier/emotion";
import { describe, expect, it } from "vitest";
import { annotate, changedRegions } from "../describe.ts";
import { PARTS } from "../parts.ts";
import { render } from "../render.ts";
import type { Rendered } from "../rendered.ts";
import { sampleFace as sample, sameExpression, withFaceEmotion as withEmotion } from "./face-scene.ts";
import { HELD_OUT_STYLES, STYLES, TRAINING_STYLES } from "./styles/index.ts";

const SIZE = 128;

describe("sample", () => {
  it("gives the same scene and the same bytes for a seed, and another for the next", () => {
    expect(sample(7)).toEqual(sample(7));
    expect(sample(7)).not.toEqual(sample(8));
    const a = render(sample(7), SIZE);
    const b = render(sample(7), SIZE);
    expect(Buffer.compare(a.picture, b.picture)).toBe(0);
    expect(Buffer.compare(a.parts, b.parts)).toBe(0);
  });

  it("keeps this version's scenes: training data is made again from seeds", () => {
    const scene = sample(1);
    expect([scene.style, scene.emotion, scene.intensity, scene.expression]).toMatchInlineSnapshot(`
      [
        "avataaars",
        "admiration",
        0.48,
        {
          "eyebrows": "raisedExcitedNatural",
          "eyes": "surprised",
          "mouth": "default",
        },
      ]
    `);
  });

  it("draws styles by weight, emotions evenly, and never a held-out style by itself", () => {
    const scenes = Array.from({ length: 2800 }, (_, seed) => sample(seed));
    const share = (style: string): number => scenes.filter((scene) => scene.style === style).length / scenes.length;
    for (const [style, weight] of TRAINING_STYLES) expect(share(style.name)).toBeCloseTo(weight, 1);
    for (const style of HELD_OUT_STYLES) expect(share(style.name)).toBe(0);
    for (const emotion of EMOTIONS) {
      const count = scenes.filter((scene) => scene.emotion === emotion).length;
      expect(count, emotion).toBeGreaterThan(60);
      expect(count, emotion).toBeLessThan(145);
    }
  });

  it("names the known styles when asked for another", () => {
    expect(() => sample(1, { style: "oil" })).toThrow(/"oil" is unknown; the styles are avataaars, toonHead/);
  });
});

describe("withEmotion", () => {
  it("keeps the identity", () => {
    const scene = sample(3);
    const edited = withEmotion(scene, "anger", 1);
    expect(edited.identity).toEqual(scene.identity);
    expect([edited.seed, edited.style]).toEqual([scene.seed, scene.style]);
    expect(withEmotion(edited, scene.emotion, scene.intensity)).toEqual(scene);
  });

  it.each(STYLES.map((style) => style.name))("changes no pixel of %s outside the parts that it redraws", (style) => {
    for (let seed = 0; seed < 6; seed++) {
      const before = sample(seed, { style, emotion: "joy", intensity: 1 });
      const after = withEmotion(before, seed % 2 === 0 ? "sadness" : "surprise");
      expect(sameExpression(before, after)).toBe(false);
      const [a, b] = [render(before, SIZE), render(after, SIZE)];
      const may = mayChange(a, b, new Set(Object.values(findParts(style))), 2);
      let outside = 0;
      let touched = 0;
      let inside = 0;
      for (let i = 0; i < may.length; i++) {
        for (let c = 0; c < 3; c++) {
          const difference = Math.abs(a.picture[i * 3 + c]! - b.picture[i * 3 + c]!);
          if (may[i]) inside = Math.max(inside, difference);
          // Where hair lies over a brow, the blended edge pixel may tell the two apart by a few levels.
          else if (difference > 0) {
            outside = Math.max(outside, difference);
            touched++;
          }
        }
      }
      expect(inside).toBeGreaterThan(60);
      expect(outside).toBeLessThanOrEqual(24);
      expect(touched).toBeLessThanOrEqual(12);
    }
  });
});

describe("render", () => {
  it("draws every emotion in every style, with words for what is drawn", () => {
    for (const style of STYLES) {
      const person = sample(11, { style: style.name });
      for (const emotion of EMOTIONS) {
        for (const intensity of [0.3, 0.9]) {
          const scene = withEmotion(person, emotion, intensity);
          const rendered = render(scene, 48);
          const { caption } = annotate(scene, rendered);
          expect(caption, `${style.name} ${emotion}`).not.toMatch(/undefined|%|\s{2}|\bis \.|are \./);
        }
      }
    }
  });

  it.each(STYLES.map((style) => style.name))("marks every part of %s that can be seen", (style) => {
    const rendered = render(sample(21, { style, emotion: "joy", intensity: 1 }), SIZE);
    const ids = new Set(rendered.parts);
    for (const part of Object.values(findParts(style))) expect(ids.has(PARTS.indexOf(part)), part).toBe(true);
    expect(ids.has(0)).toBe(true);
    expect(Math.max(...ids)).toBeLessThan(PARTS.length);
  });

  it("refuses sizes out of range", () => {
    expect(() => render(sample(1), 8)).toThrow(/16\.\.2048/);
    expect(() => render(sample(1), 40.5)).toThrow(/16\.\.2048/);
  });
});

describe("annotate", () => {
  it("says five sentences in one order, with boxes inside the picture", () => {
    for (let seed = 0; seed < 60; seed++) {
      const scene = sample(seed);
      const { caption, summary, stimuli, overall } = annotate(scene, render(scene, 64));
      const sentences = caption.split(/(?<=\.) /);
      expect(sentences).toEqual([summary, ...stimuli.map((stimulus) => stimulus.text), overall]);
      expect(sentences).toHaveLength(5);
      expect(sentences.every((text) => /^[A-Z][^A-Z]*\.$/.test(text))).toBe(true);
      expect(caption.split(" ").length).toBeLessThanOrEqual(72);
      expect(overall).toBe(`The picture conveys ${scene.emotion}.`);
      for (const { box } of stimuli) {
        expect(box.every((edge) => edge >= 0 && edge <= 0.99)).toBe(true);
        expect(box[2]).toBeGreaterThanOrEqual(box[0]);
        expect(box[3]).toBeGreaterThanOrEqual(box[1]);
      }
    }
  });

  it("keeps the words of the identity and of unchanged parts through an edit", () => {
    const scene = sample(5, { style: "avataaars", emotion: "joy", intensity: 1 });
    const edited = { ...scene, expression: { ...scene.expression, mouth: "sad" } };
    const [a, b] = [render(scene, SIZE), render(edited, SIZE)];
    const [before, after] = [annotate(scene, a), annotate(edited, b)];
    expect(after.summary).toBe(before.summary);
    expect(after.stimuli[0].text).not.toBe(before.stimuli[0].text);
    expect(after.stimuli.slice(1)).toEqual(before.stimuli.slice(1));
    expect(changedRegions(scene, a, edited, b).map((region) => region.label)).toEqual(["mouth"]);
  });
});

function findParts(name: string): Readonly<Record<string, (typeof PARTS)[number]>> {
  return STYLES.find((style) => style.name === name)!.parts;
}

/** The union of both pictures' masks of the given parts, grown by `radius` pixels. */
function mayChange(a: Rendered, b: Rendered, parts: ReadonlySet<string>, radius: number): Uint8Array {
  const { width, height } = a;
  const grown = new Uint8Array(width * height);
  const isPart = (id: number): boolean => parts.has(PARTS[id]!);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isPart(a.parts[y * width + x]!) && !isPart(b.parts[y * width + x]!)) continue;
      for (let dy = -radius; dy <= radius; dy++) {
        for (let dx = -radius; dx <= radius; dx++) {
          const [nx, ny] = [x + dx, y + dy];
          if (nx >= 0 && ny >= 0 && nx < width && ny < height) grown[ny * width + nx] = 1;
        }
      }
    }
  }
  return grown;
}
