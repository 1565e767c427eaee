// `npm run eval -- <ablation|methods|sheet|gallery> [--quick] [--model DIR] [--data DIR]`: tables and pictures of MoodBench, written to eval/results.
// Without --data the pairs are drawn first, from identities that no training set holds (--seed 2, where training draws with seed 1).
// `npm run eval -- clip [--quick] [--model [NAME=]DIR ...] [--data READER=DIR]...`: zero-shot emotion and retrieval of CLIP folders.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeGallery } from "./moodbench/gallery.mjs";
import { evaluateClip } from "./clip/run.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    model: { type: "string", multiple: true, default: [] },
    data: { type: "string", multiple: true, default: [] },
    pairs: { type: "string" },
    dino: { type: "string" },
  },
});
const CATEGORIES = ["face", "bag", "bracelet", "clothes", "earring", "necklace", "ring", "vase"];
const ABLATION = ["moodifier", "true-region", "true-prompts", "true-plan", "short-prompt", "no-region"];
const [table, ...more] = positionals;
const tables = {
  ablation: () => evaluateEdits("ablation", ABLATION),
  methods: () =>
    evaluateEdits("methods", ["moodifier", "inversion-free", "sdedit", "ddim-inversion", "direct-inversion"]),
  sheet: () => drawSheet(pairsFolder()),
  gallery: () => writeGallery({ folders: drawCategories(), out: join(root, "docs"), modelDir: family }),
  clip: () =>
    evaluateClip({
      model: clips.length > 0 ? clips : [join(root, "training/runs/mini/clip/model")],
      data: options.data,
      count: pairs,
      work: join(root, "out/clip"),
      results,
      node,
    }),
};
if (!Object.hasOwn(tables, table ?? "")) {
  console.error(`usage: npm run eval -- <${Object.keys(tables).join("|")}> [--quick] [--model DIR] [--data DIR]`);
  process.exit(2);
}
const pairs = Number(options.pairs ?? (options.quick ? 200 : 1000));
const results = join(root, "eval/results");
mkdirSync(results, { recursive: true });
const clips = [...options.model, ...more];
const family = options.model.at(-1) ?? join(root, "models/mini");
const pairsFolder = () => options.data.at(-1) ?? drawPairs();
await tables[table]();

/** One table of edits: Table 5 (the editor under true plans, without P_E, without M_E) or Table 4 (other editors on the same backbone). */
function evaluateEdits(name, variants) {
  const [data, edits] = [pairsFolder(), join(root, "out/moodbench", name)];
  const run = ["--data", data, "--out", edits, "--pairs", String(pairs), "--split", "all", "--model", family];
  node("eval/moodbench/edit-pairs.mjs", ...run, "--variants", variants.join(","));
  const score = ["eval/moodbench/score.py", "--data", data, "--edits", edits, "--out", join(results, name)];
  node("scripts/train.mjs", ...score, ...(options.dino ? ["--dino", options.dino] : []));
}

/** Eight emotions for six identities. */
function drawSheet(data) {
  node(
    "eval/moodbench/sheet.mjs",
    "--data",
    data,
    "--out",
    join(results, "sheet.webp"),
    "--split",
    "all",
    "--model",
    family,
  );
}

/** A few pairs of each of the paper's eight categories, from identities that no training set holds; Chromium draws all but faces. */
function drawCategories() {
  const draw = (category) => drawPairs(join(root, "out/moodbench/gallery", category), 24, "--categories", category);
  return Object.fromEntries(CATEGORIES.map((category) => [category, draw(category)]));
}

function drawPairs(folder = join(root, `out/moodbench/pairs-${pairs}`), count = pairs, ...extra) {
  if (!existsSync(join(folder, "dataset.json"))) {
    const args = ["--count", String(count), "--seed", "2", "--out", folder];
    node("packages/world/dist/main.js", "dataset", ...args, ...extra);
  }
  return folder;
}

function node(script, ...args) {
  const { status } = spawnSync(process.execPath, [join(root, script), ...args], { cwd: root, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
