import { CONTEXTS, EMOTIONS } from "@moodifier/emotion";
import { DatasetCounts } from "../publish/counts.ts";
import type { ScoredRecord } from "../record.ts";
import { readSummaries, type RunOptions } from "../run/run-stage.ts";
import { type StageReport, Tally } from "../run/report.ts";
import { readThresholds } from "../score/select-best.ts";
import type { Archive } from "../store/archive-folder.ts";
import { writeDurably } from "../store/durable-file.ts";
import { readRecords } from "../store/unit.ts";
import { readFunnel } from "./funnel.ts";
import { formatTable } from "./markdown.ts";
import type { PlotSpec } from "./plot.ts";

/** Writes `stats/stats.json`, `stats/README.md` and a plot for each table as SVG and PNG, over what the selection kept. */
export async function writeStats(archive: Archive, { onProgress, signal }: RunOptions = {}): Promise<StageReport> {
  const funnel = await readFunnel(archive);
  const inputs = await readSummaries(archive, "select");
  const tally = new Tally(
    "stats",
    inputs.reduce((sum, { out }) => sum + out, 0),
    onProgress,
  );
  const counts = new DatasetCounts();
  for (const input of inputs) {
    signal?.throwIfAborted();
    for (const record of await readRecords<ScoredRecord>(archive, "select", input)) {
      counts.add(record, record.source);
      tally.step();
    }
    tally.add({ ...input, in: input.out, refused: {} }, false);
  }
  const thresholds = await readThresholds(archive);
  const { records, emotions, categories, sources, licences, captionWords, scores, agreeing, distinctCaptions } = counts;
  const stats = {
    records,
    distinctCaptions,
    agreeing,
    emotions,
    categories,
    sources,
    licences,
    captionWords,
    scores,
    thresholds,
    funnel,
  };
  await writeDurably(archive.path("stats", "stats.json"), `${JSON.stringify(stats, null, 2)}\n`);
  const plots = describePlots(counts, funnel);
  // Vega is large, and no other stage needs it.
  const { drawPlot } = await import("./plot.ts");
  for (const [name, spec] of Object.entries(plots)) {
    const { svg, png } = await drawPlot(spec);
    await writeDurably(archive.path("stats", `${name}.svg`), svg);
    await writeDurably(archive.path("stats", `${name}.png`), png);
  }
  const page = [
    "# Statistics\n",
    formatTable(
      ["stage", "in", "out", "why not"],
      funnel.map((row) => [row.stage, row.in, row.out, describeReasons(row.refused)]),
    ),
    formatTable(
      ["figure", "value"],
      [
        ["records", records],
        ["captions that differ (estimate)", distinctCaptions],
        ["annotations that name the emotion searched for", agreeing],
        ["annotations whose last sentence names another emotion than their label", counts.contradicting],
      ],
    ),
    ...Object.keys(plots).map((name) => `![${name}](${name}.svg)\n`),
  ];
  await writeDurably(archive.path("stats", "README.md"), page.join("\n"));
  return tally.report({ records, distinctCaptions, plots: Object.keys(plots) });
}

function describePlots(
  counts: DatasetCounts,
  funnel: Awaited<ReturnType<typeof readFunnel>>,
): Record<string, PlotSpec> {
  const emotions = EMOTIONS.flatMap((emotion) =>
    CONTEXTS.map((context) => ({ label: emotion, series: context, value: counts.emotions[emotion]?.[context] ?? 0 })),
  ).filter(({ value }) => value > 0);
  const numeric = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([label, value]) => ({ label, value }));
  return {
    emotions: { title: "Records by emotion and context", x: "emotion", y: "records", bars: emotions },
    stages: {
      title: "Records left after each stage",
      x: "stage",
      y: "records",
      bars: funnel.map((row) => ({ label: row.stage, value: row.out })),
    },
    scores: {
      title: "CLIP similarity to the emotion's phrases",
      x: "score",
      y: "records",
      bars: numeric(counts.scores),
    },
    captions: { title: "Length of captions", x: "words, from", y: "records", bars: numeric(counts.captionWords) },
  };
}

function describeReasons(refused: Readonly<Record<string, number>>): string {
  return Object.entries(refused)
    .map(([reason, count]) => `${reason} ${count}`)
    .join(", ");
}
