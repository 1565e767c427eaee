import { expect, test } from "vitest";
import { createPicture } from "./picture.ts";
import { asDeepPicture } from "./deep-picture.ts";
import { encodePng } from "./encode.ts";
import { checkSides, encodeWithin } from "./lossy.ts";
import { renderRendition } from "./rendition.ts";
import { writePicture } from "./write-picture.ts";

const long = createPicture({ width: 16_400, height: 4, channels: 3, data: new Uint8Array(16_400 * 4 * 3) });
const invalid = (format: string) => ({
  reason: "IMAGE_OPTION_INVALID",
  message: expect.stringMatching(new RegExp(`at most 1638[34] pixels with ${format}, got 16400 x 4`)),
});

test.each([
  ["jpeg", 65_500],
  ["webp", 16_383],
  ["avif", 16_384],
] as const)("%s holds sides of %i pixels", (format, side) => {
  checkSides(format, { width: 1, height: side });
  expect(() => checkSides(format, { width: side + 1, height: 1 })).toThrow(`got ${side + 1} x 1`);
});

test.each(["webp", "avif"] as const)("a picture too long for %s is refused before it is encoded", async (format) => {
  await expect(writePicture(asDeepPicture(long), { format })).rejects.toMatchObject(invalid(format));
  const png = await encodePng(long);
  await expect(renderRendition(png, { format })).rejects.toMatchObject(invalid(format));
  await expect(renderRendition(png, { format, height: 4, fit: "contain" })).rejects.toMatchObject(invalid(format));
  expect(await renderRendition(png, { format, width: 4100 })).toMatchObject({ width: 4100, height: 1 });
  expect(await renderRendition(png, { format, width: 64, height: 4, fit: "cover" })).toMatchObject({ width: 64 });
});

test("a budget that not even the lowest quality meets is refused with what that needs", async () => {
  const encode = (quality: number) => Promise.resolve(Buffer.alloc(100 + quality));
  await expect(encodeWithin(encode, 1, 50)).rejects.toThrow("expected at least 101 bytes");
  await expect(encodeWithin(encode, 92, 100)).rejects.toThrow("expected at least 101 bytes");
  expect(await encodeWithin(encode, 92, 131)).toMatchObject({ quality: 31 });
  expect(await encodeWithin(encode, 92, undefined)).toMatchObject({ quality: 92 });
});
