import { crc32, deflateSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { sharp } from "./codec-library.ts";
import { decodeImage } from "./decode.ts";

const WIDTH = 64;
const HEIGHT = 48;

/** A picture of noise and ramps: big enough in every format that cutting or scrambling it hits pixel data. */
const texture = Uint8Array.from({ length: WIDTH * HEIGHT * 3 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 24) ^ i);
const texturePipeline = () => sharp(texture, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
const files = {
  png: await texturePipeline().png().toBuffer(),
  jpeg: await texturePipeline().jpeg({ quality: 95 }).toBuffer(),
  webp: await texturePipeline().webp({ quality: 95 }).toBuffer(),
};

/** 8 x 8 pixels of one colour. */
const flat = (r: number, g: number, b: number, alpha?: number) =>
  sharp({
    create: { width: 8, height: 8, channels: alpha === undefined ? 3 : 4, background: { r, g, b, alpha: alpha ?? 1 } },
  });

/** Largest difference of a pixel from #336699. */
const distance = (pixel: readonly number[]) =>
  Math.max(...[0x33, 0x66, 0x99].map((value, c) => Math.abs(value - pixel[c]!)));

/** Two different frames of 8 x 8. */
const frames = () =>
  sharp(Buffer.from(Array.from({ length: 8 * 16 * 3 }, (_, i) => (i < 8 * 8 * 3 ? 10 : 200))), {
    raw: { width: 8, height: 16, channels: 3, pageHeight: 8 },
  });

const firstPixel = async (bytes: Uint8Array) => {
  const picture = await decodeImage(bytes);
  return [...picture.data.subarray(0, picture.channels)];
};

function pngChunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** A valid 1-bit PNG of any size, all black, in very few bytes. */
function blackPng(width: number, height: number, extra: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(height * (1 + Math.ceil(width / 8))));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    pngChunk("IHDR", header),
    extra,
    pngChunk("IDAT", rows),
    pngChunk("IEND", Buffer.alloc(0)),
  ]);
}

describe("accepted", () => {
  test("PNG keeps every pixel; JPEG and WebP come near", async () => {
    const png = await decodeImage(files.png);
    expect(png).toMatchObject({
      width: WIDTH,
      height: HEIGHT,
      channels: 3,
      depth: 8,
      mediaType: "image/png",
      hadIcc: false,
      orientation: 1,
      warnings: [],
    });
    expect(Buffer.compare(png.data, texture)).toBe(0);
    expect(await decodeImage(files.jpeg)).toMatchObject({ width: WIDTH, channels: 3, mediaType: "image/jpeg" });
    expect(await decodeImage(files.webp)).toMatchObject({ width: WIDTH, channels: 3, mediaType: "image/webp" });
  });

  test("alpha is kept, greys become RGB", async () => {
    expect(await firstPixel(await flat(10, 20, 30, 0.5).png().toBuffer())).toEqual([10, 20, 30, 128]);
    expect(await firstPixel(await flat(10, 20, 30, 0.5).webp({ lossless: true }).toBuffer())).toEqual([
      10, 20, 30, 128,
    ]);
    expect(await firstPixel(await flat(90, 90, 90).toColourspace("b-w").png().toBuffer())).toEqual([90, 90, 90]);
    expect(await firstPixel(await flat(90, 90, 90, 0.5).toColourspace("b-w").png().toBuffer())).toEqual([
      90, 90, 90, 128,
    ]);
    expect(await firstPixel(await flat(10, 20, 30).png({ palette: true }).toBuffer())).toEqual([10, 20, 30]);
  });

  test("16 bits are reduced, with a warning", async () => {
    const picture = await decodeImage(await flat(10, 20, 30).toColourspace("rgb16").png().toBuffer());
    expect(picture).toMatchObject({ depth: 16, warnings: [{ code: "DEPTH_REDUCED" }] });
    expect([...picture.data.subarray(0, 3)]).toEqual([10, 20, 30]);
    expect(await firstPixel(await flat(90, 90, 90).toColourspace("grey16").png().toBuffer())).toEqual([90, 90, 90]);
  });

  test("an embedded profile is applied", async () => {
    const bytes = await flat(255, 0, 0).withIccProfile("p3").png().toBuffer();
    const stored = await sharp(bytes, { ignoreIcc: true }).raw().toBuffer();
    expect(stored[0]).toBeLessThan(240);
    expect(await decodeImage(bytes)).toMatchObject({ hadIcc: true, warnings: [] });
    expect(await firstPixel(bytes)).toEqual([255, 0, 0]);
  });

  test("a broken profile is reported and left out", async () => {
    const bytes = await flat(255, 0, 0).withIccProfile("p3").jpeg().toBuffer();
    const at = bytes.indexOf("ICC_PROFILE");
    bytes.fill(0x41, at + 50, at + 214);
    expect(await decodeImage(bytes)).toMatchObject({ hadIcc: true, warnings: [{ code: "PROFILE_INVALID" }] });
  });

  test("CMYK JPEG is converted, by its profile or by a generic one with a warning", async () => {
    const withProfile = await flat(0x33, 0x66, 0x99).withIccProfile("cmyk").jpeg({ quality: 100 }).toBuffer();
    const without = await flat(0x33, 0x66, 0x99).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer();
    expect(await decodeImage(withProfile)).toMatchObject({ channels: 3, hadIcc: true, warnings: [] });
    expect(distance(await firstPixel(withProfile))).toBeLessThan(20);
    expect(await decodeImage(without)).toMatchObject({
      channels: 3,
      hadIcc: false,
      warnings: [{ code: "CMYK_WITHOUT_PROFILE" }],
    });
    expect(distance(await firstPixel(without))).toBeLessThan(20);
  });

  test.each([1, 2, 3, 4, 5, 6, 7, 8])("EXIF orientation %i comes out upright", async (orientation) => {
    const bytes = await texturePipeline().withMetadata({ orientation }).webp({ lossless: true }).toBuffer();
    const picture = await decodeImage(bytes);
    const turned = orientation >= 5;
    expect(picture).toMatchObject({ orientation, width: turned ? HEIGHT : WIDTH, height: turned ? WIDTH : HEIGHT });
    // Where the stored top left pixel must be seen (TIFF 6.0, tag 274).
    const right = [2, 3, 6, 7].includes(orientation);
    const bottom = [3, 4, 7, 8].includes(orientation);
    const at = ((bottom ? picture.height - 1 : 0) * picture.width + (right ? picture.width - 1 : 0)) * 3;
    expect([...picture.data.subarray(at, at + 3)]).toEqual([...texture.subarray(0, 3)]);
  });

  test("one pixel", async () => {
    expect(await decodeImage(blackPng(1, 1))).toMatchObject({ width: 1, height: 1, channels: 3 });
  });
});

describe("refused", () => {
  test("nothing, and what is no picture", async () => {
    await expect(decodeImage(new Uint8Array())).rejects.toMatchObject({ reason: "IMAGE_EMPTY" });
    await expect(decodeImage(Buffer.from("hello"))).rejects.toMatchObject({ reason: "IMAGE_UNSUPPORTED" });
  });

  test.each([
    ["SVG", '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'],
    ["SVG", '\ufeff<?xml version="1.0"?><!DOCTYPE svg><svg/>'],
    ["TIFF", "II*\0________"],
    ["PDF", "%PDF-1.7 ___"],
    ["AVIF", "\0\0\0\x20ftypavif"],
    ["BMP", "BM__________"],
  ])("%s, by name", async (name, text) => {
    await expect(decodeImage(Buffer.from(text))).rejects.toMatchObject({
      reason: "IMAGE_UNSUPPORTED",
      message: expect.stringContaining(name),
    });
  });

  test("animated GIF, WebP and PNG", async () => {
    await expect(decodeImage(await frames().gif().toBuffer())).rejects.toMatchObject({
      reason: "IMAGE_UNSUPPORTED",
      message: expect.stringContaining("GIF"),
    });
    await expect(decodeImage(await frames().webp().toBuffer())).rejects.toMatchObject({ reason: "IMAGE_ANIMATED" });
    const control = pngChunk("acTL", Buffer.from([0, 0, 0, 2, 0, 0, 0, 0]));
    await expect(decodeImage(blackPng(4, 4, control))).rejects.toMatchObject({ reason: "IMAGE_ANIMATED" });
  });

  test("loaders other than PNG, JPEG and WebP are off in the library itself", async () => {
    await expect(
      sharp(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')).metadata(),
    ).rejects.toThrow(/unsupported image format/);
  });

  test.each(["png", "jpeg", "webp"] as const)("%s cut at any third of its length", async (format) => {
    const bytes = files[format];
    for (const share of [0.01, 0.34, 0.67, 0.97]) {
      await expect(decodeImage(bytes.subarray(0, Math.ceil(bytes.length * share)))).rejects.toMatchObject({
        reason: expect.stringMatching(/IMAGE_CORRUPT|IMAGE_UNSUPPORTED/),
      });
    }
  });

  test("damaged PNG and JPEG data", async () => {
    const png = Buffer.from(files.png);
    png[png.length >> 1]! ^= 1;
    await expect(decodeImage(png)).rejects.toMatchObject({ reason: "IMAGE_CORRUPT" });
    const jpeg = Buffer.from(files.jpeg);
    // A restart marker where none belongs: the decoder would go on with grey.
    jpeg.writeUInt16BE(0xffd0, jpeg.length >> 1);
    await expect(decodeImage(jpeg)).rejects.toMatchObject({ reason: "IMAGE_CORRUPT" });
  });

  test("too many pixels, from the header alone", async () => {
    const bomb = blackPng(16_000, 16_000);
    expect(bomb.length).toBeLessThan(40_000);
    const start = performance.now();
    await expect(decodeImage(bomb)).rejects.toMatchObject({
      reason: "IMAGE_TOO_LARGE",
      message: expect.stringContaining("16000 x 16000"),
    });
    expect(performance.now() - start).toBeLessThan(100);
    await expect(decodeImage(files.png, { maxPixels: WIDTH * HEIGHT - 1 })).rejects.toMatchObject({
      reason: "IMAGE_TOO_LARGE",
    });
    await expect(decodeImage(files.png, { maxPixels: WIDTH * HEIGHT })).resolves.toHaveProperty("width", WIDTH);
  });

  test("what nobody waits for any more", async () => {
    await expect(decodeImage(files.png, { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});
