import { crc32, deflateSync } from "node:zlib";

/** Bytes of the signature and the IHDR chunk, with which every PNG begins. */
const HEAD_BYTES = 8 + 25;

/** Puts a colour profile into a PNG without touching its pixels (PNG 11.3.2.3, iCCP). */
export function attachPngProfile(png: Buffer, profile: Uint8Array): Buffer {
  return insertChunk(png, "iCCP", Buffer.concat([Buffer.from("icc\0\0", "latin1"), deflateSync(profile)]));
}

/** Puts an XMP packet into a PNG without touching its pixels (XMP part 3, 1.1.5, iTXt). */
export function attachPngXmp(png: Buffer, xmp: string): Buffer {
  // Keyword, then uncompressed, no compression method, no language, no translated keyword.
  return insertChunk(png, "iTXt", Buffer.from(`XML:com.adobe.xmp\0\0\0\0\0${xmp}`, "utf8"));
}

function insertChunk(png: Buffer, type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([png.subarray(0, HEAD_BYTES), length, body, check, png.subarray(HEAD_BYTES)]);
}
