// Edits the pairs of a moodworld-raw folder with every variant under comparison, through the real planner, encoder and editor services.
// Writes OUT/VARIANT.u8 (pictures, as images.u8), OUT/VARIANT.masks.u8 (where the edit might act) and OUT/edits.jsonl, one line per edit.
import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { decodeImage, decodeMask } from "@moodifier/inference";
import { openDataset } from "./dataset.mjs";
import { startEditing } from "./services.mjs";

/** A published editor: the short prompt of subject and emotion, no region. */
const baseline = (method) => ({ plan: (plan, truth) => ({ ...plan, ...truth.short, ...truth.whole }), method });

/** What each variant changes of the planner's plan; `truth` is what MoodWorld knows about the pair. */
const VARIANTS = {
  // The whole system: the planner's own plan.
  moodifier: { plan: (plan) => plan },
  // The editor alone: true captions and the true region.
  "true-plan": { plan: (plan, truth) => ({ ...plan, ...truth.captions, ...truth.mask }) },
  // Which part of the planner's plan costs what: its words within the true region, and true words within its region.
  "true-region": { plan: (plan, truth) => ({ ...plan, ...truth.mask }) },
  "true-prompts": { plan: (plan, truth) => ({ ...plan, ...truth.captions }) },
  // Table 5, without P_E: the short prompt of subject and emotion.
  "short-prompt": { plan: (plan, truth) => ({ ...plan, ...truth.short, ...truth.mask }) },
  // Table 5, without M_E.
  "no-region": { plan: (plan, truth) => ({ ...plan, ...truth.captions, ...truth.whole }) },
  // Table 4: inversion-free editing with the short prompt.
  "inversion-free": baseline("inversion-free"),
  // The rest of Table 4, on the same backbone and the same steps.
  sdedit: baseline("sdedit"),
  "ddim-inversion": baseline("ddim-inversion"),
  "direct-inversion": baseline("direct-inversion"),
};

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string" },
    pairs: { type: "string", default: "200" },
    split: { type: "string", default: "val" },
    variants: { type: "string", default: Object.keys(VARIANTS).join(",") },
    model: { type: "string", default: fileURLToPath(new URL("../../models/mini", import.meta.url)) },
    steps: { type: "string" },
    guidance: { type: "string" },
    threads: { type: "string", default: "2" },
    seed: { type: "string", default: "1" },
  },
});
if (!options.data || !options.out) {
  console.error(
    "usage: edit-pairs.mjs --data DIR --out DIR [--pairs N] [--split val|train|all] [--variants a,b] [--model DIR] [--steps N] [--guidance G]",
  );
  process.exit(2);
}
const chosen = options.variants.split(",");
for (const name of chosen) {
  if (!VARIANTS[name])
    throw new RangeError(`--variants: expected names of ${Object.keys(VARIANTS).join(", ")}, got ${name}`);
}

const data = await openDataset(options.data);
const wanted = data.records.filter(({ split }) => options.split === "all" || split === options.split);
const sources = wanted.slice(0, Number(options.pairs));
const editing = await startEditing({ modelDir: options.model, threads: Number(options.threads) });
const sampling = {
  seed: BigInt(options.seed),
  ...(options.steps && { steps: Number(options.steps) }),
  ...(options.guidance && { guidanceScale: Number(options.guidance) }),
};
await mkdir(options.out, { recursive: true });
const outputs = new Map();
for (const name of chosen) {
  const files = [`${name}.u8`, `${name}.masks.u8`].map((file) => open(join(options.out, file), "w"));
  outputs.set(name, await Promise.all(files));
}

const lines = [];
for (const [row, record] of sources.entries()) {
  const image = await data.image(record.index);
  const truth = await data.truth(record);
  const { emotion, intensity } = truth.partner;
  const started = performance.now();
  const planned = await editing.plan({ image, emotion, intensity, category: record.category });
  const planMs = performance.now() - started;
  for (const variant of chosen) {
    const plan = VARIANTS[variant].plan(planned, truth);
    const start = performance.now();
    const { image: edited, recipe } = await editing.edit(image, plan, {
      sampling,
      method: VARIANTS[variant].method ?? "",
    });
    const editMs = performance.now() - start;
    const [pictures, masks] = outputs.get(variant);
    await pictures.write((await decodeImage(edited.data)).data);
    await masks.write(await maskBytes(plan));
    lines.push({
      variant,
      row,
      source: record.index,
      target: truth.partner.index,
      emotion,
      category: record.category,
      feather_px: recipe.featherPx,
      ms: Math.round(planMs + editMs),
      warnings: plan.warnings.map(({ code }) => code),
    });
  }
  process.stderr.write(`\redited ${row + 1}/${sources.length}`);
}
process.stderr.write("\n");
await writeFile(join(options.out, "edits.jsonl"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
await editing.stop();
await data.close();
for (const file of [...outputs.values()].flat()) await file.close();

/** Where the plan lets the edit act: 255 = may change; the whole picture when it has no mask. */
async function maskBytes({ maskPng }) {
  if (maskPng.length === 0) return new Uint8Array(data.size ** 2).fill(255);
  return Uint8Array.from((await decodeMask(maskPng)).data, (value) => Math.round(value * 255));
}
