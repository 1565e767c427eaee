import { isUtf8 } from "node:buffer";
import { MoodError } from "@moodifier/service-kit";
import { shorten } from "../backends/float32.ts";
import { checkPlainText } from "../http/plain-text.ts";
import { quote, refuse } from "../http/refuse.ts";
import type { RequestBody } from "../http/upload.ts";
import type { PlanStore } from "../plans/plan-store.ts";
import { S3Listing } from "../sources/s3-listing.ts";
import type { SourceReader } from "../sources/source-reader.ts";
import { keyOf } from "../storage/object-key.ts";
import { parseS3Url } from "../storage/open-storage.ts";
import type { Survey } from "./batch.ts";
import { type BatchOptions, readBatchOptions } from "./batch-options.ts";
import type { NewBatch } from "./batch-store.ts";
import { CsvManifest } from "./manifest/csv-manifest.ts";
import { JsonlManifest } from "./manifest/jsonl-manifest.ts";
import { ignoredColumns } from "./manifest/map-columns.ts";
import type { ManifestRows } from "./manifest/manifest-row.ts";
import { planRows, type RowPlan } from "./row-plan.ts";

/** Faulty rows that the survey shows. */
const shownFaults = 20;
/** A manifest is parsed in pieces of this size, so that a large one doesn't hold up other requests. */
const pieceBytes = 64 * 1024;

export interface ReadContext {
  readonly tenantId: string;
  readonly sources: SourceReader;
  readonly plans: PlanStore;
  readonly signal: AbortSignal;
}

/** The options of a request. Errors: FIELD_UNKNOWN, OPTION_INVALID. */
export function readOptions(body: RequestBody): BatchOptions {
  const { options: given, ...others } = body.fields;
  const unknown = Object.keys(others)[0];
  if (unknown !== undefined) {
    throw refuse("FIELD_UNKNOWN", { argument: unknown, expected: "manifest or options", got: "a field of this name" });
  }
  return readBatchOptions(readGiven(given));
}

/** Turns a request into a batch whose every row is checked. Errors: those of manifest and names. */
export async function readBatch(
  body: RequestBody,
  options: BatchOptions,
  { tenantId, sources, plans: planStore, signal }: ReadContext,
): Promise<NewBatch> {
  const manifest = openManifest(body, options, { tenantId, sources, signal });
  const stored = options.plan_id === undefined ? undefined : await planStore.read(tenantId, options.plan_id);
  const wish = stored && { emotion: stored.plan.emotion, intensity: shorten(stored.plan.intensity) };
  const plans: RowPlan[] = [];
  for await (const plan of planRows(manifest, options, wish)) {
    signal.throwIfAborted();
    plans.push(plan);
  }
  if (plans.length === 0)
    throw refuse("MANIFEST_EMPTY", { argument: "manifest", expected: "at least one row", got: "none" });
  const survey = surveyOf(plans, ignoredColumns(manifest.columns, options));
  const rows = options.dry_run ? [plans.find(({ problem }) => !problem) ?? plans[0]!] : plans;
  return { tenantId, options, columns: manifest.columns, survey, rows };
}

/** What was asked for: tells two requests with the same idempotency key apart. Not what a source lists: that may change between them. */
export function asked(options: BatchOptions, { files }: RequestBody): unknown {
  return [options, files["manifest"] && keyOf(files["manifest"].data)];
}

function readGiven(given: unknown): unknown {
  if (typeof given !== "string") return given;
  try {
    const options: unknown = JSON.parse(given);
    checkPlainText(options, "options");
    return options;
  } catch (error) {
    if (error instanceof MoodError) throw error;
    throw refuse("OPTION_INVALID", { argument: "options", expected: "JSON", got: quote(given) }, { cause: error });
  }
}

function openManifest(
  { files }: RequestBody,
  options: BatchOptions,
  { tenantId, sources, signal }: Pick<ReadContext, "tenantId" | "sources" | "signal">,
): ManifestRows {
  const manifest = files["manifest"];
  if ((manifest === undefined) === (options.source === undefined)) {
    const got = manifest ? "both" : "neither";
    throw refuse("FIELD_MISSING", {
      argument: "manifest",
      expected: "a CSV or JSON lines file, or options.source",
      got,
    });
  }
  if (!manifest) {
    const place = parseS3Url(options.source ?? "", "options.source");
    const keys = sources.list({ bucket: place.bucket, path: place.prefix }, { tenantId, signal });
    return new S3Listing(keys, place);
  }
  if (!isUtf8(manifest.data) || manifest.data.includes(0)) {
    const expected = 'UTF-8 text; a spreadsheet saves it as "CSV UTF-8"';
    throw refuse("MANIFEST_MALFORMED", { argument: "manifest", expected, got: "bytes that are none" });
  }
  const jsonl = options.format
    ? options.format === "jsonl"
    : /^[\uFEFF\s]*\{/.test(manifest.data.toString("utf8", 0, 200));
  if (jsonl) return new JsonlManifest(piecesOf(manifest.data));
  return new CsvManifest(piecesOf(manifest.data), { delimiter: options.delimiter });
}

async function* piecesOf(data: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += pieceBytes) {
    yield data.subarray(at, at + pieceBytes);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function surveyOf(plans: readonly RowPlan[], ignored: readonly string[]): Survey {
  const faulty = plans.flatMap(({ line, problem }) =>
    problem ? [{ line, reason: problem.reason, detail: problem.detail }] : [],
  );
  return { rows: plans.length, faulty: faulty.length, faults: faulty.slice(0, shownFaults), ignoredColumns: ignored };
}
