import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { sharp } from "./codec-library.ts";
import { decodeImage } from "./decode.ts";
import { decodeDeep } from "./deep-picture.ts";
import { encodePng } from "./encode.ts";
import { finishPicture } from "./finish-picture.ts";

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly pictures: Readonly<Record<string, { srgb?: number[][]; samples?: number[][] }>>;
}

const folder = new URL("../../../../tests/golden/pictures/", import.meta.url);
const read = (name: string) => readFileSync(new URL(name, folder));
const golden = JSON.parse(read("pictures.json").toString()) as Golden;
const { width, height } = golden;
const profile = read("p3.icc");
const provenance = {
  sourceType: "trainedAlgorithmicMedia",
  tool: "Moodifier 0.1.0",
  recipe: { emotion: "joy", seed: "7", note: "a < b & c" },
} as const;

const inside = (pixel: number) => pixel % width >= 4 && pixel % width < 8 && pixel >= 2 * width && pixel < 6 * width;

/** What the editor does: the source as 8-bit sRGB with another colour inside a box. */
async function edit(source: Uint8Array, colour = [250, 40, 60]) {
  const picture = await decodeImage(source);
  const data = picture.data.slice();
  for (let pixel = 0; pixel < width * height; pixel++) {
    if (inside(pixel)) data.set(colour, pixel * picture.channels);
  }
  return encodePng({ ...picture, data });
}

function pixelsOf({ data, channels }: { data: Uint8Array | Uint16Array; channels: number }) {
  return Array.from({ length: data.length / channels }, (_, i) => [...data.subarray(i * channels, (i + 1) * channels)]);
}

const farthest = (a: readonly number[][], b: readonly number[][]) =>
  Math.max(...a.flatMap((pixel, i) => pixel.map((value, c) => Math.abs(value - b[i]![c]!))));

describe("colours agree with LittleCMS", () => {
  test.each([
    ["p3-16.png", 2],
    ["cmyk.jpg", 3],
    ["turned-gps.jpg", 6],
  ])("%s", async (name, tolerance) => {
    const picture = await decodeImage(read(name));
    expect(picture).toMatchObject({ width, height, channels: 3 });
    expect(farthest(pixelsOf(picture), golden.pictures[name]!.srgb!)).toBeLessThanOrEqual(tolerance);
  });

  test("the CMYK profile matters: libvips' own one is far off", async () => {
    const generic = await sharp(read("cmyk.jpg"), { ignoreIcc: true }).toColourspace("srgb").raw().toBuffer();
    expect(farthest(pixelsOf({ data: generic, channels: 3 }), golden.pictures["cmyk.jpg"]!.srgb!)).toBeGreaterThan(15);
  });
});

describe("a finished edit", () => {
  test.each(["p3-16.png", "rgba-16.png"])("%s keeps each 16-bit sample and its alpha outside", async (name) => {
    const source = read(name);
    const finished = await finishPicture(source, await edit(source), { provenance });
    expect(finished).toMatchObject({ width, height, depth: 16, mediaType: "image/png" });
    const result = pixelsOf(await decodeDeep(finished.data));
    const samples = golden.pictures[name]!.samples!;
    let changed = 0;
    result.forEach((pixel, i) => {
      if (inside(i)) changed += pixel.slice(0, 3).join() === samples[i]!.slice(0, 3).join() ? 0 : 1;
      else expect(pixel).toEqual(samples[i]);
      expect(pixel[3]).toBe(samples[i]![3]);
    });
    expect(changed).toBe(16);
  });

  test("the edit has its colour in the source's profile, and the profile is in the file", async () => {
    const source = read("p3-16.png");
    const finished = await finishPicture(source, await edit(source));
    expect(finished.keepsProfile).toBe(true);
    expect(Buffer.compare((await sharp(finished.data).metadata()).icc!, profile)).toBe(0);
    const seen = pixelsOf(await decodeImage(finished.data)).filter((_, i) => inside(i));
    expect(
      farthest(
        seen,
        seen.map(() => [250, 40, 60]),
      ),
    ).toBeLessThanOrEqual(3);
  });

  test("sRGB on request: no profile, LittleCMS's colours outside", async () => {
    const source = read("p3-16.png");
    const finished = await finishPicture(source, await edit(source), { profile: "srgb" });
    expect(finished).toMatchObject({ keepsProfile: false, depth: 16 });
    expect((await sharp(finished.data).metadata()).icc).toBeUndefined();
    const seen = pixelsOf(await decodeImage(finished.data));
    const expected = golden.pictures["p3-16.png"]!.srgb!;
    const outside = (pixels: number[][]) => pixels.filter((_, i) => !inside(i));
    expect(farthest(outside(seen), outside(expected))).toBeLessThanOrEqual(2);
  });

  test("a slight change keeps the source's fine samples, so that the feather shows no edge", async () => {
    const source = read("p3-16.png");
    const picture = await decodeImage(source);
    const data = picture.data.map((value) => Math.min(255, value + 1));
    const finished = await finishPicture(source, await encodePng({ ...picture, data }));
    const result = pixelsOf(await decodeDeep(finished.data));
    // One 8-bit step is 257. Colours beyond sRGB are up to 100 steps away from their nearest sRGB colour and must not collapse to it.
    expect(farthest(result, golden.pictures["p3-16.png"]!.samples!)).toBeLessThan(8 * 257);
  });

  test.each(["png", "jpeg", "webp", "avif"] as const)(
    "%s: upright, tagged, nothing of the source's metadata",
    async (format) => {
      const source = read("turned-gps.jpg");
      expect(source.includes("Secret Camera")).toBe(true);
      const finished = await finishPicture(source, await edit(source), { format, provenance });
      const { data } = finished;
      expect(finished.mediaType).toBe(`image/${format}`);
      expect(data.includes("Secret Camera")).toBe(false);
      expect(data.includes("http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia")).toBe(true);
      expect(data.includes('"note":"a &lt; b &amp; c"')).toBe(true);
      if (format === "avif") return;
      const metadata = await sharp(data).metadata();
      expect(metadata).toMatchObject({ width, height });
      expect(metadata.exif).toBeUndefined();
      expect(metadata.orientation).toBeUndefined();
      expect(metadata.xmpAsString).toContain("moodifier:Recipe");
    },
  );

  test.each(["jpeg", "webp", "avif"] as const)("%s carries the wide profile and its colours", async (format) => {
    const source = read("p3-16.png");
    const finished = await finishPicture(source, await edit(source), { format, quality: 100 });
    expect(finished).toMatchObject({ depth: 8, keepsProfile: true, quality: 100 });
    expect(finished.data.includes(profile)).toBe(true);
    if (format === "avif") return;
    const seen = pixelsOf(await decodeImage(finished.data)).map((pixel) => pixel.slice(0, 3));
    const expected = golden.pictures["p3-16.png"]!.srgb!.map((pixel, i) => (inside(i) ? [250, 40, 60] : pixel));
    const mean =
      seen.flat().reduce((sum, value, i) => sum + Math.abs(value - expected.flat()[i]!), 0) / seen.flat().length;
    expect(mean).toBeLessThan(format === "jpeg" ? 3 : 12);
  });

  test("the same arguments give the same bytes", async () => {
    const source = read("p3-16.png");
    const options = { format: "jpeg", provenance } as const;
    const edited = await edit(source);
    const [one, two] = [await finishPicture(source, edited, options), await finishPicture(source, edited, options)];
    expect(Buffer.compare(one.data, two.data)).toBe(0);
  });
});

describe("output options", () => {
  test("a byte budget takes the best quality that fits", async () => {
    const noise = Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24);
    const source = await encodePng({ width: 64, height: 64, channels: 3, data: noise });
    const full = await finishPicture(source, source, { format: "jpeg" });
    const maxBytes = Math.round(full.data.length / 2);
    const small = await finishPicture(source, source, { format: "jpeg", maxBytes });
    expect(small.data.length).toBeLessThanOrEqual(maxBytes);
    const next = await finishPicture(source, source, { format: "jpeg", quality: small.quality! + 1 });
    expect(next.data.length).toBeGreaterThan(maxBytes);
    await expect(finishPicture(source, source, { format: "webp", maxBytes: 10 })).rejects.toMatchObject({
      reason: "IMAGE_BUDGET_TOO_SMALL",
    });
  });

  test("JPEG needs a matte for alpha; options of other formats are refused", async () => {
    const source = read("rgba-16.png");
    const edited = await edit(source);
    const reason = { reason: "IMAGE_OPTION_INVALID" };
    await expect(finishPicture(source, edited, { format: "jpeg" })).rejects.toMatchObject(reason);
    await expect(finishPicture(source, edited, { quality: 80 })).rejects.toMatchObject(reason);
    await expect(finishPicture(source, edited, { format: "webp", matte: "#ffffff" })).rejects.toMatchObject(reason);
    const laid = await finishPicture(source, edited, { format: "jpeg", matte: "#ffffff" });
    expect(await decodeImage(laid.data)).toMatchObject({ channels: 3, width, height });
  });
});
