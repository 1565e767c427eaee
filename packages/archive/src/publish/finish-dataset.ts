import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { CONTEXTS, EMOTIONS } from "@moodifier/emotion";
import { readThresholds } from "../score/select-best.ts";
import { type FunnelRow, readFunnel } from "../stats/funnel.ts";
import { formatNumber, formatTable } from "../stats/markdown.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import type { DatasetCounts } from "./counts.ts";
import type { PublishedShard } from "./published-shard.ts";
import { SPLITS, type SplitShares } from "./split.ts";

/** Writes `dataset.json` and the data card, and removes shards that an earlier publication left. */
export async function finishDataset(
  archive: Archive,
  shards: readonly PublishedShard[],
  shares: SplitShares,
  counts: DatasetCounts,
): Promise<void> {
  await removeOthers(archive, new Set(shards.map(({ name }) => name)));
  const funnel = await readFunnel(archive);
  const sorted = shards.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const facts = {
    format: "moodarchive-dataset",
    version: 1,
    records: counts.records,
    splits: counts.splits,
    emotions: counts.emotions,
    licences: counts.licences,
    shards: sorted.map(({ name, split, samples, tar, index }) => ({ name, split, samples, tar, index })),
  };
  await writeDurably(archive.path("dataset", "dataset.json"), `${JSON.stringify(facts, null, 2)}\n`);
  const thresholds = await readThresholds(archive);
  const card = [
    ...describeDataset(sorted, shares, counts),
    ...describeContent(counts),
    ...describeMaking(funnel),
    "## Scores\nRecords whose picture resembles the phrases of its emotion least are dropped, emotion by emotion.\n",
    formatTable(
      ["emotion", "scored", "dropped", "lowest kept"],
      thresholds.map(({ emotion, records, dropped, threshold }) => [emotion, records, dropped, threshold.toFixed(4)]),
    ),
  ];
  await writeDurably(archive.path("dataset", "README.md"), `${card.join("\n")}`);
}

function describeDataset(shards: readonly PublishedShard[], shares: SplitShares, counts: DatasetCounts): string[] {
  const bytes = shards.reduce((sum, { tar }) => sum + tar.bytes, 0);
  const rows = SPLITS.map((split) => {
    const own = shards.filter((shard) => shard.split === split);
    return [split, counts.splits[split] ?? 0, own.length, own.reduce((sum, { tar }) => sum + tar.bytes, 0)];
  });
  return [
    "# Data card\n",
    `${formatNumber(counts.records)} pictures with five-sentence emotion captions; ${formatNumber(bytes)} bytes in ${shards.length} WebDataset shards.`,
    "Each sample `ID` is `ID.png|jpg|webp`, `ID.txt` (the caption) and `ID.json` (source, licence, annotation, scores). `index/*.parquet` has one row a sample.",
    `Splits go by group (identity, series or creator), never by picture: ${shares.validation} % validation, ${shares.test} % test. Samples are in the order of their`,
    "digests, which is a shuffle.\n",
    formatTable(["split", "samples", "shards", "bytes"], rows),
  ];
}

function describeContent(counts: DatasetCounts): string[] {
  const emotions = EMOTIONS.filter((emotion) => counts.emotions[emotion] !== undefined).map((emotion) => {
    const row = counts.emotions[emotion]!;
    const cells = CONTEXTS.map((context) => row[context] ?? 0);
    return [emotion, ...cells, cells.reduce((sum, value) => sum + value, 0)];
  });
  const licences = Object.entries(counts.licences).map(([id, { records, attributed, url }]) => [
    id,
    records,
    attributed,
    url,
  ]);
  const counted = (of: Record<string, number>) => Object.entries(of).sort(([, a], [, b]) => b - a);
  return [
    "## Emotions and contexts\n",
    formatTable(["emotion", ...CONTEXTS, "all"], emotions),
    "## Categories\n",
    formatTable(["category", "records"], counted(counts.categories)),
    "## Sources\n",
    formatTable(["source", "records"], counted(counts.sources)),
    "## Licences\nEvery record carries its own licence, attribution and source address.\n",
    formatTable(["licence", "records", "naming a creator", "terms"], licences),
    "## Captions\n",
    formatTable(
      ["figure", "value"],
      [
        ["captions that differ (estimate)", counts.distinctCaptions],
        ["annotations that name the emotion searched for", counts.agreeing],
        ["annotations whose last sentence names another emotion than their label", counts.contradicting],
      ],
    ),
    formatTable(
      ["words", "captions"],
      Object.entries(counts.captionWords)
        .sort(([a], [b]) => Number(a) - Number(b))
        .map(([words, captions]) => [`${words}-${Number(words) + 4}`, captions]),
    ),
  ];
}

function describeMaking(funnel: readonly FunnelRow[]): string[] {
  const why = (refused: Readonly<Record<string, number>>): string =>
    Object.entries(refused)
      .map(([reason, count]) => `${reason} ${formatNumber(count)}`)
      .join(", ");
  const rows = funnel.map((row) => [row.stage, row.in, row.out, why(row.refused)]);
  return ["## Making\n", formatTable(["stage", "in", "out", "why not"], rows)];
}

async function removeOthers(archive: Archive, names: ReadonlySet<string>): Promise<void> {
  for (const [folder, pattern] of [
    ["", /^(.+-\d{6})\.tar$/],
    ["index", /^(.+)\.parquet$/],
    ["shards", /^(.+)\.json$/],
  ] as const) {
    const dir = archive.path("dataset", folder);
    for (const file of await readdir(dir).catch(() => [])) {
      const name = pattern.exec(file)?.[1];
      if (name !== undefined && !names.has(name)) await rm(join(dir, file), { force: true });
    }
  }
}
