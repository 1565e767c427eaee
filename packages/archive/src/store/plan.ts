import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { ArchiveError } from "../archive-error.ts";
import type { Archive } from "./archive-folder.ts";
import { DurableFile, writeDurably } from "./durable-file.ts";
import { withFileLock } from "./file-lock.ts";
import { readTextIfPresent } from "./present-file.ts";

/** What one unit of `collect` fetches, in the provider's own words. JSON. */
export type UnitSpec = Readonly<Record<string, unknown>>;

/** The units that one `collect` command planned. */
export interface Collection {
  readonly provider: string;
  /** Digest of the provider's settings: the same command finds its collection again. */
  readonly fingerprint: string;
  readonly firstUnit: number;
  readonly units: number;
  /** Records that the provider expects at most; 0 when it cannot know. */
  readonly expected: number;
}

/** `collect/plan.json`. */
export interface PlanHeader {
  readonly collections: readonly Collection[];
  readonly units: number;
}

/** The plan of an archive. Throws ArchiveError STAGE_INCOMPLETE when nothing was planned yet. */
export async function readPlan(archive: Archive): Promise<PlanHeader> {
  const plan = await findPlan(archive);
  if (plan.collections.length > 0) return plan;
  throw new ArchiveError("STAGE_INCOMPLETE", `${archive.dir}: nothing was collected yet; run "archive collect" first`);
}

/** The collection of a fingerprint. */
export async function findCollection(archive: Archive, fingerprint: string): Promise<Collection | undefined> {
  const { collections } = await findPlan(archive);
  return collections.find((collection) => collection.fingerprint === fingerprint);
}

/**
 * Adds a collection: its specs first, then its line in the plan. Of several processes that start the same command the first one's specs hold; those of other
 * commands get units of their own.
 */
export async function addCollection(
  archive: Archive,
  provider: string,
  fingerprint: string,
  specs: AsyncIterable<{ readonly spec: UnitSpec; readonly expected: number }>,
): Promise<Collection> {
  const file = await DurableFile.create(specsPath(archive, fingerprint));
  let units = 0;
  let expected = 0;
  try {
    for await (const unit of specs) {
      await file.write(Buffer.from(`${JSON.stringify(unit.spec)}\n`));
      units++;
      expected += unit.expected;
    }
    return await withFileLock(archive.path("collect", "plan.lock"), async () => {
      const before = await findPlan(archive);
      const known = before.collections.find((collection) => collection.fingerprint === fingerprint);
      if (known !== undefined) {
        await file.discard();
        return known;
      }
      await file.commit();
      const collection = { provider, fingerprint, firstUnit: before.units, units, expected };
      const plan: PlanHeader = { collections: [...before.collections, collection], units: before.units + units };
      await writeDurably(archive.path("collect", "plan.json"), `${JSON.stringify(plan, null, 2)}\n`);
      return collection;
    });
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** The specs of a collection, in order, one at a time. */
export async function* readSpecs(
  archive: Archive,
  { fingerprint, firstUnit }: Collection,
): AsyncGenerator<{ readonly unit: number; readonly spec: UnitSpec }> {
  const lines = createInterface({ input: createReadStream(specsPath(archive, fingerprint)), crlfDelay: Infinity });
  let unit = firstUnit;
  for await (const line of lines) yield { unit: unit++, spec: JSON.parse(line) as UnitSpec };
}

async function findPlan(archive: Archive): Promise<PlanHeader> {
  const text = await readTextIfPresent(archive.path("collect", "plan.json"));
  return text === undefined ? { collections: [], units: 0 } : (JSON.parse(text) as PlanHeader);
}

function specsPath(archive: Archive, fingerprint: string): string {
  return archive.path("collect", `units-${fingerprint.slice(0, 16)}.jsonl`);
}
