// `npm run bench -- archive [--records 100000] [--shards 1] [--dir DIR] [--keep]`: MoodArchive's own cost, stage by stage, over synthetic records of 16 x 16 pixels. Each stage runs
// in a process of its own, so that its peak of memory is its own; models are replaced by arithmetic, their rates are measured elsewhere. `baseline` is the same run
// over 1,000 records: memory should not differ.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const child = fileURLToPath(new URL("archive/stage.mjs", import.meta.url));
/** Stages that can be shared; the others see the whole archive. */
const SHARED = new Set(["collect", "filter", "annotate", "score"]);
const STAGES = ["collect", "filter", "dedupe", "annotate", "score", "publish", "stats"];

export default function bench(args) {
  const { values } = parseArgs({
    args,
    options: {
      records: { type: "string", default: "100000" },
      shards: { type: "string", default: "1" },
      dir: { type: "string" },
      keep: { type: "boolean" },
    },
  });
  const records = Number(values.records);
  if (!Number.isInteger(records) || records < 1000)
    throw new Error(`--records: expected 1000 or more, got ${values.records}`);
  const small = measure(1000, 1);
  const large = measure(records, Number(values.shards), values.dir, values.keep);
  for (const [stage, row] of Object.entries(large.stages)) {
    const base = small.stages[stage];
    console.log(
      `${stage.padEnd(9)} ${String(Math.round(row.ratePerS)).padStart(7)}/s  ${row.cpuS.toFixed(1).padStart(7)} CPU s  peak ${row.peakMiB.toFixed(0)} MiB (1,000 records: ${base.peakMiB.toFixed(0)} MiB)`,
    );
  }
  return { records, ...large, baseline: { records: 1000, ...small } };
}

function measure(records, shards, dir = mkdtempSync(path.join(tmpdir(), "archive-bench-")), keep = false) {
  try {
    const stages = {};
    for (const stage of STAGES) {
      const count = SHARED.has(stage) ? shards : 1;
      stages[stage] = total(Array.from({ length: count }, (_, i) => runChild(stage, dir, records, `${i}/${count}`)));
      console.error(`${records} ${stage} ${JSON.stringify(stages[stage])}`);
    }
    const bytes = Number(execFileSync("du", ["-sb", dir], { encoding: "utf8" }).split("\t")[0]);
    return { stages, bytesPerRecord: Math.round(bytes / records) };
  } finally {
    if (!keep) rmSync(dir, { recursive: true, force: true });
  }
}

function runChild(stage, dir, records, shard) {
  const out = execFileSync(process.execPath, [child, stage, dir, String(records), shard], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "inherit"],
  });
  return JSON.parse(out.trim().split("\n").at(-1));
}

/** Shares run one after another: times add up, the peak is the highest. */
function total(shares) {
  const sum = (of) => shares.reduce((all, share) => all + of(share), 0);
  const seconds = sum((share) => share.seconds);
  const records = sum((share) => share.in);
  return {
    in: records,
    out: sum((share) => share.out),
    seconds,
    ratePerS: records / seconds,
    cpuS: sum((share) => share.cpuS),
    cpuMsPerRecord: (sum((share) => share.cpuS) / records) * 1000,
    peakMiB: Math.max(...shares.map((share) => share.peakMiB)),
  };
}
