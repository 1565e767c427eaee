import { randomBytes } from "node:crypto";

let lastMs = 0;
let count = 0;

/** A UUID of version 7 (RFC 9562): ids that this process makes rise, also within a millisecond, so that jobs of one moment keep their order in lists. */
export function createJobId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    count = 0;
  } else {
    // 12 bits of counter; when they are used up the id borrows from the next millisecond.
    count += 1;
    if (count > 0xfff) {
      lastMs += 1;
      count = 0;
    }
  }
  const bytes = randomBytes(16);
  bytes.writeUIntBE(lastMs, 0, 6);
  bytes.writeUInt16BE(0x7000 | count, 6);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
