import { describe, expect, it } from "vitest";
import { sharp } from "./codec-library.ts";
import { buildXmp } from "./provenance.ts";
import { renderRendition } from "./rendition.ts";

const xmp = buildXmp({ sourceType: "trainedAlgorithmicMedia", tool: "moodifier test" });

/** A picture with texture, so that its files have some size, with provenance and a wide profile. */
async function drawSource(options: { channels?: 3 | 4; width?: number; height?: number } = {}): Promise<Buffer> {
  const { channels = 3, width = 320, height = 200 } = options;
  const data = Uint8Array.from({ length: width * height * channels }, (_, at) => {
    if (channels === 4 && at % 4 === 3) return at % 8 === 3 ? 0 : 255;
    return (at * 31 + ((at * at) >> 7)) % 256;
  });
  return sharp(data, { raw: { width, height, channels } }).withIccProfile("p3").withXmp(xmp).png().toBuffer();
}

describe("renderRendition", () => {
  it("gives the same png back when nothing changes", async () => {
    const source = await drawSource();
    expect((await renderRendition(source, { format: "png" })).data.equals(source)).toBe(true);
    expect((await renderRendition(source, { format: "png", width: 1000 })).data.equals(source)).toBe(true);
  });

  it.each(["jpeg", "webp", "avif", "tiff"] as const)("keeps provenance and profile in %s", async (format) => {
    const { data, mediaType, width, height } = await renderRendition(await drawSource(), { format, width: 160 });
    expect({ mediaType, width, height }).toEqual({ mediaType: `image/${format}`, width: 160, height: 100 });
    // The gateway's process reads no tiff and no avif, so the bytes themselves must tell.
    expect(data.includes("trainedAlgorithmicMedia")).toBe(true);
    expect(data.includes("acsp")).toBe(true);
  });

  it("converts to sRGB and says so", async () => {
    const source = await drawSource();
    const converted = await renderRendition(source, { format: "png", icc: "srgb" });
    const profile = async (bytes: Buffer) => (await sharp(bytes).metadata()).icc?.toString("hex");
    expect(await profile(converted.data)).toBeDefined();
    expect(await profile(converted.data)).not.toBe(await profile(source));
    expect(converted.data.equals(source)).toBe(false);
    // Other numbers, same colours: both look the same once their profiles are applied.
    const look = async (bytes: Buffer) => sharp(bytes).toColourspace("srgb").raw().toBuffer();
    const [before, after] = [await look(source), await look(converted.data)];
    const differences = after.map((value, at) => Math.abs(value - before[at]!));
    expect(differences.reduce((sum, each) => sum + each, 0) / differences.length).toBeLessThan(1);
  });

  it.each([
    [{ width: 100, height: 100, fit: "inside" }, 100, 63],
    [{ width: 100, height: 100, fit: "contain" }, 100, 100],
    [{ width: 100, height: 100, fit: "cover" }, 100, 100],
    [{ height: 50 }, 80, 50],
    [{ width: 4000 }, 320, 200],
  ] as const)("fits into %j", async (box, width, height) => {
    const made = await renderRendition(await drawSource(), { format: "jpeg", ...box });
    expect({ width: made.width, height: made.height }).toEqual({ width, height });
    expect(await sharp(made.data).metadata()).toMatchObject({ width, height });
  });

  it("finds the best quality within a byte budget", async () => {
    const source = await drawSource();
    const free = await renderRendition(source, { format: "jpeg" });
    const maxBytes = Math.round(free.data.length / 2);
    const made = await renderRendition(source, { format: "jpeg", maxBytes });
    expect(made.data.length).toBeLessThanOrEqual(maxBytes);
    const better = await renderRendition(source, { format: "jpeg", quality: made.quality! + 1 });
    expect(better.data.length).toBeGreaterThan(maxBytes);
  });

  it("lays alpha over the background in jpeg and keeps it in webp", async () => {
    const source = await drawSource({ channels: 4 });
    const jpeg = await renderRendition(source, { format: "jpeg", background: "#ff0000" });
    expect((await sharp(jpeg.data).metadata()).channels).toBe(3);
    const webp = await renderRendition(source, { format: "webp" });
    expect((await sharp(webp.data).metadata()).hasAlpha).toBe(true);
  });

  it("keeps 16 bits in png", async () => {
    const data = Uint16Array.from({ length: 64 * 64 * 3 }, (_, at) => (at * 977) % 65_536);
    const deep = await sharp(data, { raw: { width: 64, height: 64, channels: 3 } })
      .toColourspace("rgb16")
      .png()
      .toBuffer();
    const made = await renderRendition(deep, { format: "png", width: 32 });
    expect((await sharp(made.data).metadata()).depth).toBe("ushort");
  });

  it.each([
    [{ format: "jpeg", maxBytes: 100 }, "IMAGE_BUDGET_TOO_SMALL"],
    [{ format: "png", maxBytes: 1000 }, "IMAGE_BUDGET_TOO_SMALL"],
    [{ format: "png", quality: 50 }, "IMAGE_OPTION_INVALID"],
  ] as const)("refuses %j", async (options, reason) => {
    await expect(renderRendition(await drawSource(), options)).rejects.toMatchObject({ reason });
  });
});
