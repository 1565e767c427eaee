import { createMask, ShapeError, zeros, type Raster } from "@moodifier/tensor";
import { describe, expect, test } from "vitest";
import { sharp } from "./codec-library.ts";
import { decodeImage } from "./decode.ts";
import { encodeImage, encodePng, resizePicture } from "./encode.ts";
import { decodeMask, encodeMask } from "./mask-codec.ts";
import { createPicture } from "./picture.ts";
import { fromTensor, toTensor } from "./picture-tensor.ts";

const raster = (channels: 3 | 4, width = 16, height = 8): Raster => ({
  width,
  height,
  channels,
  data: Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 37) % 256),
});

describe("encodeImage", () => {
  test.each([3, 4] as const)("PNG gives %i channels back exactly, and the same bytes twice", async (channels) => {
    const picture = raster(channels);
    const bytes = await encodePng(picture);
    expect((await encodePng(picture)).equals(bytes)).toBe(true);
    expect(await decodeImage(bytes)).toMatchObject({ channels, data: Buffer.from(picture.data) });
  });

  test("JPEG lays alpha over white, WebP keeps it", async () => {
    const clear = createPicture({ width: 8, height: 8, channels: 4, data: new Uint8Array(256) });
    const jpeg = await decodeImage(await encodeImage(clear, { format: "jpeg" }));
    expect([jpeg.channels, jpeg.data[0]]).toEqual([3, 255]);
    expect(await decodeImage(await encodeImage(clear, { format: "webp", quality: 80 }))).toMatchObject({
      channels: 4,
      mediaType: "image/webp",
    });
  });

  test("refuses options that a format lacks", async () => {
    await expect(encodeImage(raster(3), { format: "png", quality: 90 })).rejects.toMatchObject({
      reason: "IMAGE_OPTION_INVALID",
    });
    await expect(encodeImage(raster(3), { format: "jpeg", quality: 0 })).rejects.toThrow(/1\.\.100/);
    await expect(encodeImage(raster(3), { format: "gif" as "png" })).rejects.toMatchObject({
      reason: "IMAGE_OPTION_INVALID",
    });
  });
});

test("resizePicture keeps channels and other fields; the same size is the same picture", async () => {
  const picture = createPicture(raster(4));
  const small = await resizePicture(picture, 5, 3);
  expect(small).toMatchObject({ width: 5, height: 3, channels: 4, mediaType: "image/png" });
  expect(small.data).toHaveLength(60);
  expect(await resizePicture(picture, 16, 8)).toBe(picture);
});

describe("toTensor and fromTensor", () => {
  test("go there and back exactly", () => {
    const picture = createPicture(raster(3));
    const signed = toTensor(picture, "signed");
    expect(signed.dims).toEqual([1, 3, 8, 16]);
    expect([Math.min(...signed.data), Math.max(...signed.data)].map(Math.abs).every((value) => value <= 1)).toBe(true);
    expect([...fromTensor(signed).data]).toEqual([...picture.data]);
  });

  test("apply mean and std by channel, show alpha over white", () => {
    const picture: Raster = { width: 1, height: 1, channels: 4, data: Uint8Array.of(255, 0, 51, 255) };
    const [r, g, b] = toTensor(picture, { mean: [0.5, 0.25, 0.1], std: [0.5, 0.25, 0.2] }).data;
    expect([r, g]).toEqual([1, -1]);
    expect(b).toBeCloseTo(0.5, 6);
    expect([...toTensor({ ...picture, data: Uint8Array.of(1, 2, 3, 0) }, "signed").data]).toEqual([1, 1, 1]);
  });

  test("refuse other shapes", () => {
    expect(() => fromTensor(zeros("float32", [1, 4, 2, 2]))).toThrow(ShapeError);
    expect(() => fromTensor(zeros("float32", [1, 3, 2, 2]), 1)).toThrow(/row 1/);
    expect(() => createPicture({ width: 2, height: 2, channels: 3, data: new Uint8Array(3) })).toThrow(
      /needs 12 bytes/,
    );
  });
});

const size = { width: 4, height: 2 };

/** A picture of one colour. */
const paint = (channels: 3 | 4, ...pixel: number[]) =>
  sharp(
    Uint8Array.from({ length: 8 * channels }, (_, i) => pixel[i % channels]!),
    { raw: { ...size, channels } },
  )
    .png()
    .toBuffer();
const paintedValue = async (bytes: Buffer) => (await decodeMask(bytes, size)).data[3];

describe("masks", () => {
  test("go there and back within a grey level", async () => {
    const mask = createMask(size, Float32Array.of(0, 0.25, 0.5, 1, 1, 1, 0, 0));
    const bytes = await encodeMask(mask);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: "png", channels: 1, width: 4, height: 2 });
    const back = await decodeMask(bytes, size);
    expect(Math.max(...back.data.map((value, i) => Math.abs(value - mask.data[i]!)))).toBeLessThan(1 / 255);
  });

  test("white or coloured paint = 1, black or transparent = 0, whatever the layout", async () => {
    expect(await paintedValue(await paint(3, 255, 255, 255))).toBe(1);
    expect(await paintedValue(await paint(3, 255, 0, 0))).toBe(1);
    expect(await paintedValue(await paint(3, 0, 0, 0))).toBe(0);
    expect(await paintedValue(await paint(4, 255, 255, 255, 0))).toBe(0);
    expect(await paintedValue(await paint(4, 255, 255, 255, 51))).toBeCloseTo(0.2);
    expect(
      await paintedValue(
        await sharp(await paint(3, 255, 255, 255))
          .toColourspace("grey16")
          .png()
          .toBuffer(),
      ),
    ).toBe(1);
  });

  test("are scaled to their picture and turned upright; other proportions are refused", async () => {
    const mask = await encodeMask(createMask({ width: 40, height: 20 }, 1));
    expect(await decodeMask(mask)).toMatchObject({ width: 40, height: 20 });
    expect((await decodeMask(mask, { width: 101, height: 50 })).data).toHaveLength(5050);
    await expect(decodeMask(mask, { width: 40, height: 40 })).rejects.toMatchObject({ reason: "MASK_ASPECT_MISMATCH" });
    const turned = await sharp(mask).withMetadata({ orientation: 6 }).png().toBuffer();
    expect(await decodeMask(turned, { width: 20, height: 40 })).toMatchObject({ width: 20, height: 40 });
    await expect(decodeMask(new Uint8Array())).rejects.toMatchObject({ reason: "IMAGE_EMPTY" });
  });
});
