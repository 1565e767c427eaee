// The search for near duplicates over random hashes in a file, one in 50 a copy with 3 bits turned over: node duplicates.mjs [COUNT]. Prints one JSON line.
import { randomFillSync } from "node:crypto";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { findNearDuplicates } from "../../../packages/archive/dist/filter/near-duplicates.js";

const count = Number(process.argv[2] ?? 1_000_000);
const dir = mkdtempSync(path.join(tmpdir(), "duplicates-"));
const file = openSync(path.join(dir, "hashes.bin"), "w+");
try {
  const step = 10_000;
  for (let from = 0; from < count; from += step) {
    const bytes = randomFillSync(Buffer.alloc(step * 32));
    for (let i = 49; i < step; i += 50) {
      bytes.copy(bytes, i * 32, (i - 25) * 32, (i - 24) * 32);
      for (const bit of [3, 77, 200]) bytes[i * 32 + (bit >> 3)] ^= 1 << (bit & 7);
    }
    writeSync(file, bytes);
  }
  const read = (from, many) => {
    const buffer = Buffer.allocUnsafe(many * 32);
    readSync(file, buffer, 0, buffer.length, from * 32);
    return buffer;
  };
  const before = process.cpuUsage();
  const start = performance.now();
  const found = findNearDuplicates({ count, read }, 4).reduce((sum, original) => sum + (original >= 0 ? 1 : 0), 0);
  const { user, system } = process.cpuUsage(before);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(
    JSON.stringify({ count, found, cpuS: (user + system) / 1e6, wallS: (performance.now() - start) / 1000, peakMiB }),
  );
} finally {
  closeSync(file);
  rmSync(dir, { recursive: true });
}
