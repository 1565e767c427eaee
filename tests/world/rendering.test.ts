import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  annotate,
  changedMask,
  changedRegions,
  openRenderer,
  PARTS,
  renderPair,
  sample,
  withEmotion,
  WORLD_CATEGORIES,
  writeDataset,
  type Rendered,
  type WorldRenderer,
} from "@moodifier/world";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const SIZE = 128;
const DRAWN = WORLD_CATEGORIES.filter((category) => category !== "face");
const PRODUCTS = DRAWN.filter((category) => category !== "natural" && category !== "urban");
let renderer: WorldRenderer;
let root: string;

beforeAll(async () => {
  renderer = openRenderer();
  root = await mkdtemp(join(tmpdir(), "moodworld-"));
});
afterAll(async () => {
  await renderer.close();
  await rm(root, { recursive: true, force: true });
});

const share = (mask: Uint8Array): number => mask.reduce((sum, value) => sum + (value > 0 ? 1 : 0), 0) / mask.length;
const same = (a: Rendered, b: Rendered): boolean =>
  Buffer.compare(a.picture, b.picture) === 0 && Buffer.compare(a.parts, b.parts) === 0;

describe("products", () => {
  it.each(PRODUCTS)("%s: the true edit changes the product and not one byte of what is around it", async (category) => {
    for (let seed = 0; seed < 6; seed++) {
      const scene = sample(seed, { category, emotion: "joy", intensity: 1 });
      const edited = withEmotion(scene, seed % 2 === 0 ? "anger" : "sadness", 0.9);
      const [a, b] = [await renderer.render(scene, SIZE), await renderer.render(edited, SIZE)];
      const mask = changedMask(a, b);
      let outside = 0;
      mask.forEach((changed, i) => {
        if (changed === 1 && a.parts[i] === 0 && b.parts[i] === 0) outside++;
      });
      expect(outside, `${category} ${seed} ${scene.style}`).toBe(0);
      expect(share(mask), `${category} ${seed} ${scene.style}`).toBeGreaterThan(0.01);
      const regions = changedRegions(scene, a, edited, b);
      expect(regions.length).toBeGreaterThanOrEqual(1);
      expect(regions.length).toBeLessThanOrEqual(3);
      expect(
        a.parts.includes(PARTS.indexOf(regions[0]!.label)) || b.parts.includes(PARTS.indexOf(regions[0]!.label)),
      ).toBe(true);
      for (const { box } of annotate(scene, a).stimuli)
        expect((box[2] - box[0]) * (box[3] - box[1])).toBeGreaterThan(0);
    }
  });

  it.each(PRODUCTS)("%s: fills a fair part of the picture in every family, and keeps within it", async (category) => {
    for (let seed = 100; seed < 108; seed++) {
      const scene = sample(seed, { category, emotion: "neutral", intensity: 0.5 });
      const { parts } = await renderer.render(scene, SIZE);
      expect(share(parts), `${category} ${seed} ${scene.style}`).toBeGreaterThan(0.015);
      expect(share(parts), `${category} ${seed} ${scene.style}`).toBeLessThan(0.8);
    }
  });
});

describe("places", () => {
  it.each(["natural", "urban"] as const)(
    "%s: every pixel has a part, and the edit keeps the ground",
    async (category) => {
      for (let seed = 0; seed < 6; seed++) {
        const scene = sample(seed, { category, emotion: "neutral", intensity: 0.6 });
        const { parts } = await renderer.render(scene, SIZE);
        expect(share(parts), scene.style).toBeGreaterThan(0.995);
        expect(new Set(parts).size, scene.style).toBeGreaterThanOrEqual(2);
      }
    },
  );
});

it("draws the same bytes for a scene whatever was drawn before, also from the cache and in another browser", async () => {
  const cacheDir = join(root, "cache");
  const other = openRenderer({ cacheDir });
  try {
    for (const category of DRAWN) {
      const scene = sample(31, { category });
      const first = await renderer.render(scene, SIZE);
      await renderer.render(sample(32, { category }), SIZE);
      const again = await renderer.render(scene, SIZE);
      expect(same(first, again), category).toBe(true);
      expect(same(first, await other.render(scene, SIZE)), category).toBe(true);
      expect(same(first, await other.render(scene, SIZE)), category).toBe(true);
    }
  } finally {
    await other.close();
  }
  const files = (await readdir(cacheDir, { recursive: true })).filter((name) => name.endsWith(".bin"));
  expect(files).toHaveLength(DRAWN.length);
});

it("draws the same bytes in any order: materials that earlier scenes made do not decide which of two equally deep surfaces is seen", async () => {
  const scenes = Array.from({ length: 66 }, (_, i) => sample(2 ** 31 + i, { category: DRAWN[i % DRAWN.length]! }));
  const drawAll = async (list: typeof scenes): Promise<Map<number, Rendered>> => {
    const own = openRenderer();
    const drawn = new Map<number, Rendered>();
    try {
      for (const scene of list) drawn.set(scene.seed, await own.render(scene, SIZE));
    } finally {
      await own.close();
    }
    return drawn;
  };
  const [forwards, backwards] = [await drawAll(scenes), await drawAll(scenes.toReversed())];
  const differing = scenes.filter(({ seed }) => !same(forwards.get(seed)!, backwards.get(seed)!));
  expect(differing.map(({ category, style }) => `${category} ${style}`)).toEqual([]);
});

it("writes a mixed data set with the same bytes for one worker and for two", async () => {
  const shares = { face: 1, vase: 1, ring: 1, natural: 1 };
  const [one, two] = [join(root, "one"), join(root, "two")];
  await writeDataset({ dir: one, count: 24, seed: 5, size: 64, workers: 1, shares });
  await writeDataset({ dir: two, count: 24, seed: 5, size: 64, workers: 2, shares });
  for (const name of ["images.u8", "parts.u8", "records.jsonl", "dataset.json"]) {
    expect(Buffer.compare(await readFile(join(one, name)), await readFile(join(two, name))), name).toBe(0);
  }
  const [first] = await renderPair(5, 3, 64, { shares, paint: renderer.render.bind(renderer) });
  const lines = (await readFile(join(one, "records.jsonl"), "utf8")).trimEnd().split("\n");
  expect(JSON.parse(lines[6]!)).toEqual(first.record);
});

it("refuses a scene that the page cannot draw and goes on", async () => {
  const scene = sample(1, { category: "vase" });
  const broken = { ...scene, category: "lamp" } as unknown as typeof scene;
  await expect(renderer.render(broken, SIZE)).rejects.toMatchObject({ reason: "RENDER_FAILED" });
  expect((await renderer.render(scene, SIZE)).width).toBe(SIZE);
});
