import { readFile, stat } from "node:fs/promises";
import { dirname, extname, resolve } from "node:path";
import { parse } from "csv-parse/sync";
import { stringify } from "csv-stringify/sync";
import { UsageError } from "../output/failure.ts";
import { requestJson } from "../server/api.ts";

/** A manifest that is ready to be sent. */
export interface ReadyManifest {
  readonly data: Uint8Array<ArrayBuffer>;
  /** Fields that are now read from a column of ours. */
  readonly columns: Readonly<Record<string, string>>;
  /** Columns of the manifest that these stand in for. */
  readonly replaced: readonly string[];
}

/** Columns of ours, which hold the uploads in place of local paths; the manifest's own columns stay. */
export const uploadColumns: Readonly<Record<string, string>> = { image: "moodifier_image", mask: "moodifier_mask" };

const mediaTypes: Readonly<Record<string, string>> = {
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".webp": "image/webp",
};

/** Uploads at the same time. */
const parallel = 4;

type Cells = Record<string, string>;

export interface UploadContext {
  readonly server: string;
  readonly columns: Readonly<Record<string, string>>;
  readonly delimiter: string | undefined;
  readonly jsonl: boolean;
  readonly signal: AbortSignal;
  readonly onUpload: (done: number, total: number) => void;
}

/**
 * Sends the pictures that a manifest names by paths on this machine, each once, and returns the manifest with the uploads in columns of their own. A manifest
 * without such paths comes back as it is. Paths are relative to the manifest.
 */
export async function uploadLocalPictures(
  path: string,
  data: Uint8Array<ArrayBuffer>,
  context: UploadContext,
): Promise<ReadyManifest> {
  const rows = readRows(path, data, context);
  const fields = Object.keys(uploadColumns).filter((field) =>
    rows.some((row) => isLocal(row[columnOf(field, context)])),
  );
  if (fields.length === 0) return { data, columns: {}, replaced: [] };
  const folder = dirname(resolve(path));
  const files = new Set(
    rows.flatMap((row) => fields.map((field) => row[columnOf(field, context)]).filter((cell) => isLocal(cell))),
  );
  const references = await uploadAll([...files] as string[], folder, context);
  for (const row of rows) {
    for (const field of fields) {
      const cell = row[columnOf(field, context)] ?? "";
      row[uploadColumns[field]!] = references.get(cell) ?? cell;
    }
  }
  const columns = Object.fromEntries(fields.map((field) => [field, uploadColumns[field]!]));
  const text = context.jsonl
    ? rows.map((row) => `${JSON.stringify(row)}\n`).join("")
    : stringify(rows, { header: true, ...(context.delimiter !== undefined && { delimiter: context.delimiter }) });
  const replaced = fields.map((field) => columnOf(field, context));
  return { data: new TextEncoder().encode(text), columns, replaced };
}

function columnOf(field: string, { columns }: UploadContext): string {
  return columns[field] ?? field;
}

/** A path on this machine: neither a URL nor an upload, S3 object or nothing. */
function isLocal(cell: string | undefined): boolean {
  return cell !== undefined && cell !== "" && !/^(?:[a-z][a-z0-9+.-]*:\/\/|upload:)/i.test(cell);
}

function readRows(path: string, data: Uint8Array, { jsonl, delimiter }: UploadContext): Cells[] {
  const text = new TextDecoder().decode(data);
  try {
    if (jsonl) {
      return text
        .split("\n")
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line) as Cells);
    }
    const options = { bom: true, columns: true, skip_empty_lines: true, trim: true };
    const first = text.split("\n", 1)[0] ?? "";
    const guessed = [",", ";", "\t", "|"].reduce((best, each) =>
      first.split(each).length > first.split(best).length ? each : best,
    );
    return parse(text, { ...options, delimiter: delimiter ?? guessed }) as unknown as Cells[];
  } catch {
    // The server finds the faulty rows and says where they are; it needs the manifest as it was written.
    if (!/(^|[\s,;"'])[\w./-]+\.(png|jpe?g|webp)/i.test(text) || text.includes("://")) return [];
    throw new UsageError(
      `${path}: expected ${jsonl ? "JSON lines" : "CSV"} that can be read whole, since it names local pictures`,
    );
  }
}

async function uploadAll(
  files: readonly string[],
  folder: string,
  context: UploadContext,
): Promise<Map<string, string>> {
  const references = new Map<string, string>();
  const waiting = [...files];
  const work = async (): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      references.set(file, await upload(resolve(folder, file), context));
      context.onUpload(references.size, files.length);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return references;
}

async function upload(path: string, { server, signal }: UploadContext): Promise<string> {
  const mediaType = mediaTypes[extname(path).toLowerCase()];
  const found = await stat(path).catch(() => undefined);
  if (mediaType === undefined || !found?.isFile()) {
    throw new UsageError(`manifest: expected URLs, uploads or PNG, JPEG or WebP files, got "${path}"`);
  }
  const answer = await requestJson<{ reference: string }>(`${server}/v1/uploads`, {
    method: "POST",
    body: new Uint8Array(await readFile(path)),
    headers: { "Content-Type": mediaType },
    signal,
  });
  return answer.reference;
}
