import { deflateSync } from "node:zlib";
import { encodePng } from "@moodifier/inference";
import sharp from "sharp";

type Colour = readonly [number, number, number];

const background: Colour = [143, 184, 222];
const skin: Colour = [242, 201, 160];
const dark: Colour = [51, 51, 51];
const lips: Colour = [170, 51, 51];

/** A round face on a flat background: something for a planner to see. */
export function drawFace(width = 256, height = 256): Promise<Buffer> {
  const data = new Uint8Array(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const x = ((pixel % width) + 0.5) / width;
    const y = (Math.floor(pixel / width) + 0.5) / height;
    data.set(colourAt(x, y), pixel * 3);
  }
  return encodePng({ width, height, channels: 3, data });
}

function colourAt(x: number, y: number): Colour {
  const within = (cx: number, cy: number, radius: number): boolean => Math.hypot(x - cx, y - cy) < radius;
  if (within(0.37, 0.42, 0.04) || within(0.63, 0.42, 0.04)) return dark;
  if (Math.abs(y - 0.66) < 0.015 && Math.abs(x - 0.5) < 0.14) return lips;
  return within(0.5, 0.5, 0.36) ? skin : background;
}

/** A mask of the given size, white inside a box whose edges are fractions. */
export function drawMask(
  width: number,
  height: number,
  [x0, y0, x1, y1]: readonly [number, number, number, number],
): Promise<Buffer> {
  const data = new Uint8Array(width * height * 3);
  for (let y = Math.round(y0 * height); y < Math.round(y1 * height); y += 1) {
    data.fill(255, (y * width + Math.round(x0 * width)) * 3, (y * width + Math.round(x1 * width)) * 3);
  }
  return encodePng({ width, height, channels: 3, data });
}

/** A PNG of 16,000 x 16,000 pixels in a few kilobytes. */
export function drawBomb(): Buffer {
  const side = 16_000;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc((side / 8 + 1) * side);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

/** A drawing instead of a picture. */
export const svg = Buffer.from(
  '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"><rect width="64" height="64"/></svg>',
);

/** Two frames, as GIF or WebP. */
export async function drawAnimation(format: "gif" | "webp"): Promise<Buffer> {
  const frames = Buffer.alloc(32 * 64 * 3, 90);
  frames.fill(200, frames.length / 2);
  const raw = { width: 32, height: 64, channels: 3 as const, pageHeight: 32 };
  const pipeline = sharp(frames, { raw });
  return format === "gif"
    ? pipeline.gif({ delay: [100, 100] }).toBuffer()
    : pipeline.webp({ delay: [100, 100] }).toBuffer();
}

/** The picture as a JPEG in CMYK without a profile. */
export function toCmykJpeg(picture: Buffer): Promise<Buffer> {
  return sharp(picture).toColourspace("cmyk").jpeg().toBuffer();
}

/** The picture as a JPEG that is stored on its side and says so: a reader that obeys EXIF sees it upright. */
export async function toRotatedJpeg(picture: Buffer): Promise<Buffer> {
  const onItsSide = await sharp(picture).rotate(-90).toBuffer();
  return sharp(onItsSide).withMetadata({ orientation: 6 }).jpeg({ quality: 95 }).toBuffer();
}

/** Pixels of a picture as it is stored. */
export async function readPixels(
  picture: Buffer,
): Promise<{ width: number; height: number; channels: number; data: Buffer }> {
  const { data, info } = await sharp(picture).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, channels: info.channels, data };
}
