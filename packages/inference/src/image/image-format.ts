import { ImageError } from "./image-error.ts";

/** Formats that are read and written. */
export type ImageFormat = "png" | "jpeg" | "webp";

/** Media type of each format. */
export const MEDIA_TYPES = { png: "image/png", jpeg: "image/jpeg", webp: "image/webp" } as const satisfies Record<
  ImageFormat,
  string
>;

/** First bytes of formats that are refused, so that the message can name them. */
const REFUSED: readonly (readonly [name: string, offset: number, text: string])[] = [
  ["GIF", 0, "GIF8"],
  ["BMP", 0, "BM"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["AVIF", 4, "ftypavif"],
  ["HEIF", 4, "ftyp"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL "],
  ["PDF", 0, "%PDF"],
  ["PSD", 0, "8BPS"],
];

/**
 * The format by the bytes themselves; declared types and file names do not count.
 * Throws ImageError IMAGE_EMPTY, IMAGE_UNSUPPORTED, or IMAGE_ANIMATED for an animated PNG (decoders show its first frame silently).
 */
export function sniffFormat(bytes: Uint8Array): ImageFormat {
  if (bytes.length === 0) {
    throw new ImageError("IMAGE_EMPTY", "the image has 0 bytes");
  }
  if (startsWith(bytes, 0, "\x89PNG\r\n\x1a\n")) {
    refuseAnimatedPng(bytes);
    return "png";
  }
  if (startsWith(bytes, 0, "\xff\xd8\xff")) {
    return "jpeg";
  }
  if (startsWith(bytes, 0, "RIFF") && startsWith(bytes, 8, "WEBP")) {
    return "webp";
  }
  const known = REFUSED.find(([, offset, text]) => startsWith(bytes, offset, text));
  const name = known?.[0] ?? (looksLikeSvg(bytes) ? "SVG" : "an unknown format");
  throw new ImageError("IMAGE_UNSUPPORTED", `the image must be PNG, JPEG or WebP, got ${name}; convert it first`);
}

/** Throws ImageError IMAGE_TYPE_MISMATCH when a declared media type contradicts the bytes; an empty one contradicts nothing. */
export function checkMediaType(format: ImageFormat, declared: string): void {
  const name = declared.toLowerCase().replace("image/jpg", "image/jpeg");
  if (name === "" || name === MEDIA_TYPES[format]) return;
  const text = `media_type: expected ${MEDIA_TYPES[format]} as the bytes say, got ${name.slice(0, 40)}`;
  throw new ImageError("IMAGE_TYPE_MISMATCH", text);
}

function startsWith(bytes: Uint8Array, offset: number, text: string): boolean {
  return (
    bytes.length >= offset + text.length &&
    [...text].every((character, i) => bytes[offset + i] === character.charCodeAt(0))
  );
}

function looksLikeSvg(bytes: Uint8Array): boolean {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 1000)).toString("utf8");
  return /^\uFEFF?\s*<(\?xml|!DOCTYPE svg|!--|svg)/i.test(head);
}

/** An `acTL` chunk before the first `IDAT` makes a PNG animated. */
function refuseAnimatedPng(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 8; at + 8 <= bytes.length; at += 12 + view.getUint32(at)) {
    if (startsWith(bytes, at + 4, "IDAT")) {
      return;
    }
    if (startsWith(bytes, at + 4, "acTL")) {
      throw new ImageError("IMAGE_ANIMATED", "the PNG is animated; send a single frame");
    }
  }
}
