// Runs in the session worker too: keep it free of imports that need package resolution.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { InferenceError } from "../inference-error.ts";

/** What the manifest says about a file. */
export interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
}

/** Reads the file once and compares it with its record. Throws InferenceError MODEL_NOT_FOUND or DIGEST_MISMATCH. */
export async function checkFile(path: string, expected: FileRecord): Promise<void> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch (cause) {
    throw new InferenceError("MODEL_NOT_FOUND", `cannot read ${path}`, { cause });
  }
  compare(path, expected, { sha256: hash.digest("hex"), bytes });
}

/** Compares bytes in memory with the record of the file that they came from. Throws InferenceError DIGEST_MISMATCH. */
export function checkBytes(path: string, expected: FileRecord, bytes: Uint8Array): void {
  compare(path, expected, { sha256: createHash("sha256").update(bytes).digest("hex"), bytes: bytes.length });
}

function compare(path: string, expected: FileRecord, actual: FileRecord): void {
  if (actual.sha256 !== expected.sha256 || actual.bytes !== expected.bytes) {
    const [want, have] = [expected, actual].map(({ sha256, bytes }) => `${bytes} bytes, sha256 ${sha256}`);
    throw new InferenceError(
      "DIGEST_MISMATCH",
      `${path} is not the file of the manifest: expected ${want}, found ${have}`,
    );
  }
}
