import { EMOTIONS } from "@moodifier/emotion";
import { describe, expect, it } from "vitest";
import { annotate } from "./describe.ts";
import { PARTS } from "./parts.ts";
import { PRODUCT_PARTS } from "./products/annotation.ts";
import type { Rendered } from "./rendered.ts";
import { SCENERY_PARTS } from "./sceneries/annotation.ts";
import { sample, withEmotion, WORLD_CATEGORIES, type Scene } from "./scene.ts";

/** A stand-in for a render with one pixel row of each part that a caption may box. */
function pretend(scene: Scene): Rendered {
  const names =
    scene.kind === "product"
      ? PRODUCT_PARTS[scene.category]
      : scene.kind === "scenery"
        ? SCENERY_PARTS[scene.category]
        : (["mouth", "eyes", "eyebrows"] as const);
  const parts = new Uint8Array(64);
  names.forEach((name, row) => parts.fill(PARTS.indexOf(name), row * 8 + 2, row * 8 + 6));
  return { width: 8, height: 8, picture: new Uint8Array(192), parts };
}

const caption = (scene: Scene): string => annotate(scene, pretend(scene)).caption;

describe("annotate", () => {
  it("says five sentences, fully worded, for every category and emotion", () => {
    for (const category of WORLD_CATEGORIES) {
      for (const [i, emotion] of EMOTIONS.entries()) {
        const scene = sample(400 + i, { category, emotion, intensity: 0.9 });
        const { summary, stimuli, overall, caption: whole } = annotate(scene, pretend(scene));
        const sentences = whole.split(/(?<=\.) /);
        expect(sentences).toEqual([summary, ...stimuli.map(({ text }) => text), overall]);
        expect(sentences).toHaveLength(5);
        expect(overall).toBe(`The picture conveys ${emotion}.`);
        expect(whole, whole).not.toMatch(/undefined|%|\s{2}|\b[Aa] [aeiou]|\ba a\b| \./);
        expect(whole.split(" ").length).toBeLessThan(80);
        for (const { part, box } of stimuli) {
          expect(PARTS).toContain(part);
          expect(box.every((edge) => edge >= 0 && edge <= 0.99)).toBe(true);
        }
      }
    }
  });

  it("is varied: of 20,000 captions at least 19,000 are distinct", () => {
    const seen = new Set<string>();
    for (let i = 0; i < 20_000; i++)
      seen.add(caption(sample(i, { category: WORLD_CATEGORIES[i % WORLD_CATEGORIES.length]! })));
    expect(seen.size).toBeGreaterThanOrEqual(19_000);
  });

  it("keeps the grammar of an identity, so that source and target align word by word", () => {
    for (const category of WORLD_CATEGORIES) {
      for (let seed = 0; seed < 20; seed++) {
        const scene = sample(seed, { category, emotion: "joy", intensity: 0.9 });
        const edited = withEmotion(scene, "grief", 0.9);
        const [before, after] = [annotate(scene, pretend(scene)), annotate(edited, pretend(edited))];
        expect(after.summary).toBe(before.summary);
        before.stimuli.forEach(({ text }, i) => {
          const [source, target] = [text.split(" "), after.stimuli[i]!.text.split(" ")];
          expect(target.slice(0, 3), text).toEqual(source.slice(0, 3));
          if (scene.kind === "product" && i > 0) expect(target).toContain("with");
        });
      }
    }
  });
});

describe("sample", () => {
  it("answers an unknown category or style with the known ones", () => {
    expect(() => sample(1, { category: "lamp" as "vase" })).toThrow(/category must be one of face, bag/);
    expect(() => sample(1, { category: "vase", style: "tote" })).toThrow(/"tote" is unknown; a vase is one of amphora/);
  });

  it("gives a share of the faces to the parametric drawing and keeps the seeds of the others", () => {
    const scenes = Array.from({ length: 2000 }, (_, seed) => sample(seed));
    expect(scenes.filter((scene) => scene.kind === "parametric").length / 2000).toBeCloseTo(0.15, 1);
    expect(sample(1)).toMatchObject({ kind: "drawn", style: "avataaars", emotion: "admiration", intensity: 0.48 });
  });
});
