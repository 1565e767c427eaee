import { EMOTIONS, LOOKS } from "@moodifier/emotion";
import { describe, expect, it } from "vitest";
import { CATALOGUE, PRODUCT_CATEGORIES, type ProductCategory } from "./catalogue.ts";
import type { ProductLook } from "./look.ts";
import { sampleProduct, withProductEmotion } from "./scene.ts";
import { FINISH_WORDS, ORNAMENT_WORDS, PATTERN_WORDS } from "./words.ts";

describe("sampleProduct", () => {
  it("gives the same scene for a seed, another for the next, and every family of every category", () => {
    for (const category of PRODUCT_CATEGORIES) {
      expect(sampleProduct(category, 7)).toEqual(sampleProduct(category, 7));
      expect(sampleProduct(category, 7).identity).not.toEqual(sampleProduct(category, 8).identity);
      const families = new Set(Array.from({ length: 200 }, (_, seed) => sampleProduct(category, seed).identity.family));
      expect(families.size).toBe(Object.keys(CATALOGUE[category].families).length);
      expect(families.size).toBeGreaterThanOrEqual(6);
    }
  });

  it("keeps this version's scenes: data sets are made again from seeds", () => {
    const { identity, emotion, intensity, look } = sampleProduct("vase", 1);
    expect([identity.family, identity.material, identity.backdrop, identity.light, emotion, intensity])
      .toMatchInlineSnapshot(`
      [
        "gourd",
        "stoneware",
        "plinth",
        "dim",
        "approval",
        0.38,
      ]
    `);
    expect([look.main.name, look.accent.name, look.pattern, look.ornament, look.finish]).toMatchInlineSnapshot(`
      [
        "fresh green",
        "sky blue",
        "plain",
        "none",
        "satin",
      ]
    `);
  });
});

describe("withProductEmotion", () => {
  it("changes the look only: camera, background, floor and light belong to the identity", () => {
    for (const category of PRODUCT_CATEGORIES) {
      const scene = sampleProduct(category, 11, { emotion: "joy", intensity: 1 });
      const edited = withProductEmotion(scene, "grief", 0.8);
      expect(edited.identity).toBe(scene.identity);
      expect([edited.seed, edited.style, edited.category]).toEqual([scene.seed, scene.style, scene.category]);
      expect(edited.look).not.toEqual(scene.look);
      expect(withProductEmotion(edited, "joy", 1)).toEqual(scene);
    }
  });

  it("moves along one line as the intensity grows", () => {
    for (const emotion of EMOTIONS) {
      const scene = sampleProduct("bag", 21, { emotion, intensity: 1 });
      const [faint, half] = [0.05, 0.5].map((intensity) => withProductEmotion(scene, emotion, intensity).look) as [
        ProductLook,
        ProductLook,
      ];
      const full = scene.look;
      expect([faint.pattern, faint.ornament]).toEqual(["plain", "none"]);
      expect(["plain", full.pattern]).toContain(half.pattern);
      expect(["none", full.ornament]).toContain(half.ornament);
      for (const axis of ["droop", "lean", "twist", "flare", "height"] as const) {
        expect(half.posture[axis]).toBeCloseTo(full.posture[axis] / 2, 2);
      }
      if (emotion !== "neutral") expect(faint.main.name).toBe(scene.identity.colour);
    }
  });
});

describe("looks", () => {
  it("uses no pattern, ornament or finish that captions cannot say", () => {
    for (const look of Object.values(LOOKS)) {
      const names = (options: readonly string[]): string[] => options.map((option) => option.split("*")[0]!);
      for (const name of names(look.patterns)) expect(PATTERN_WORDS).toHaveProperty([name]);
      for (const name of names(look.ornaments)) expect(ORNAMENT_WORDS).toHaveProperty([name]);
      for (const name of names(look.finishes)) expect(FINISH_WORDS).toHaveProperty([name]);
    }
  });

  it("shows the emotion in all attributes together and in none alone", () => {
    const single = ATTRIBUTES.map(([name, read]) => [name, accuracy([read])] as const);
    expect(Object.fromEntries(single)).toEqual(
      Object.fromEntries(single.map(([name, share]) => [name, Math.min(share, 0.45)])),
    );
    expect(accuracy(ATTRIBUTES.map(([, read]) => read))).toBeGreaterThan(0.85);
  });
});

type Read = (look: ProductLook) => string;
const bin = (value: number): string => String(Math.round(value * 8));
const ATTRIBUTES: readonly (readonly [string, Read])[] = [
  ["main colour", (look) => look.main.name],
  ["accent colour", (look) => look.accent.name],
  ["pattern", (look) => look.pattern],
  ["ornament", (look) => look.ornament],
  ["finish", (look) => look.finish],
  ["metal", (look) => look.metal],
  ["edge", (look) => bin(look.edge)],
  ["wear", (look) => bin(look.wear)],
  ...(["droop", "lean", "twist", "flare", "height"] as const).map(
    (axis) => [axis, (look: ProductLook) => bin(look.posture[axis])] as const,
  ),
];

const [LEARN, TEST] = [100, 25];
const LOOKED = EMOTIONS.map((emotion, e) =>
  Array.from({ length: LEARN + TEST }, (_, i) => {
    const category: ProductCategory = PRODUCT_CATEGORIES[i % PRODUCT_CATEGORIES.length]!;
    return sampleProduct(category, e * 1000 + i, { emotion, intensity: 0.9 }).look;
  }),
);

/** How often a naive Bayes classifier that sees only these attributes names the emotion (chance: 1 in 28). */
function accuracy(reads: readonly Read[]): number {
  const [learn, test] = [LEARN, TEST];
  const look = (e: number, i: number): ProductLook => LOOKED[e]![i]!;
  const tables = reads.map(() => EMOTIONS.map(() => new Map<string, number>()));
  EMOTIONS.forEach((_, e) => {
    for (let i = 0; i < learn; i++) {
      const seen = look(e, i);
      reads.forEach((read, r) => tables[r]![e]!.set(read(seen), (tables[r]![e]!.get(read(seen)) ?? 0) + 1));
    }
  });
  let right = 0;
  EMOTIONS.forEach((_, truth) => {
    for (let i = learn; i < learn + test; i++) {
      const seen = look(truth, i);
      const scores = EMOTIONS.map((_name, e) =>
        reads.reduce((sum, read, r) => sum + Math.log(((tables[r]![e]!.get(read(seen)) ?? 0) + 0.3) / learn), 0),
      );
      if (scores.indexOf(Math.max(...scores)) === truth) right++;
    }
  });
  return right / (EMOTIONS.length * test);
}
