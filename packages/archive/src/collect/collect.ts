import { pMapIterable } from "p-map";
import { ArchiveError } from "../archive-error.ts";
import type { CollectedRecord, RefusedRecord } from "../record.ts";
import { type StageReport, Tally } from "../run/report.ts";
import { fingerprintOf, type RunOptions } from "../run/run-stage.ts";
import { owns, WHOLE } from "../run/shard.ts";
import type { Archive } from "../store/archive-folder.ts";
import { addCollection, findCollection, readSpecs, type UnitSpec } from "../store/plan.ts";
import { commitUnit, PackWriter, readSummary, sha256, type UnitSummary } from "../store/unit.ts";
import type { Candidate, Declined, Provider } from "./provider.ts";

/** Raised when the same pictures would give other records. */
const VERSION = 1;

/**
 * Fetches pictures from a provider into packs, with licence and attribution. A second provider adds to what is there.
 * Throws whatever the provider throws that is not the fault of one picture.
 */
export async function collect(archive: Archive, provider: Provider, options: RunOptions = {}): Promise<StageReport> {
  const { shard = WHOLE, onProgress, signal } = options;
  const fingerprint = sha256(JSON.stringify([VERSION, provider.name, provider.settings, archive.settings.unitSize]));
  const request = { unitSize: archive.settings.unitSize, signal };
  const collection =
    (await findCollection(archive, fingerprint)) ??
    (await addCollection(archive, provider.name, fingerprint, provider.plan(request)));
  const tally = new Tally("collect", Math.round(collection.expected / shard.count), onProgress);
  for await (const { unit, spec } of readSpecs(archive, collection)) {
    if (!owns(shard, unit)) continue;
    signal?.throwIfAborted();
    const unitFingerprint = fingerprintOf("collect", fingerprint, JSON.stringify(spec));
    const found = await readSummary(archive, "collect", unit);
    if (found?.fingerprint === unitFingerprint) tally.add(found, true);
    else tally.add(await collectUnit(archive, provider, unit, unitFingerprint, spec, tally, signal), false);
  }
  return tally.report({ provider: provider.name });
}

type Fetched = { readonly record: Omit<CollectedRecord, "blob">; readonly bytes: Uint8Array } | RefusedRecord;

async function collectUnit(
  archive: Archive,
  provider: Provider,
  unit: number,
  fingerprint: string,
  spec: UnitSpec,
  tally: Tally,
  signal: AbortSignal | undefined,
): Promise<UnitSummary> {
  const pack = await PackWriter.create(archive, unit);
  const records: CollectedRecord[] = [];
  const refused: RefusedRecord[] = [];
  try {
    const fetched = pMapIterable(provider.list(spec, signal), (item) => fetchItem(provider, item, signal), {
      concurrency: provider.concurrency,
    });
    for await (const item of fetched) {
      signal?.throwIfAborted();
      if ("reason" in item) refused.push(item);
      else records.push({ ...item.record, blob: await pack.append(item.bytes) });
      tally.step();
    }
    await pack.commit();
  } catch (error) {
    await pack.discard();
    throw error;
  }
  const summary = { unit, fingerprint, in: records.length + refused.length, packBytes: pack.bytes };
  return commitUnit(archive, "collect", summary, records, refused);
}

async function fetchItem(
  provider: Provider,
  item: Candidate | Declined,
  signal: AbortSignal | undefined,
): Promise<Fetched> {
  if ("declined" in item) return { reason: item.declined, detail: item.detail, uri: item.uri };
  const { open, group, ...facts } = item;
  try {
    const { bytes, mediaType, alt } = await open(signal);
    const digest = sha256(bytes);
    const record = {
      id: digest.slice(0, 24),
      sha256: digest,
      mediaType,
      source: provider.name,
      ...facts,
      ...(alt && { alt }),
    };
    return { record: { ...record, group: group ?? digest.slice(0, 24) }, bytes };
  } catch (error) {
    if (!(error instanceof ArchiveError) || error.reason !== "DOWNLOAD_FAILED") throw error;
    return {
      reason: error.reason,
      detail: error.message,
      uri: item.uri,
      ...(item.emotion && { emotion: item.emotion }),
    };
  }
}
