// `npm run eval -- clip`: Tables 1-3 for CLIP folders, on sets that are drawn here and on published sets that the caller has.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findChromium, HELD_OUT_STYLES, WORLD_CATEGORIES, writeDataset } from "@moodifier/world";
import { drawEmoji, EMOJI_SETS } from "./draw-emoji.mjs";

/** Identities of this seed are in no training set (those draw with seed 1). */
const SEED = 2;

/**
 * Evaluates `model` ([NAME=]FOLDER; the first is the one compared with) on what can be drawn and on `data` (READER=FOLDER);
 * writes clip.json, clip.md and clip.svg into `results`. `count`: pictures a set at most; `work`: where drawn sets are kept.
 * @param {{model: string[], data: string[], count: number, work: string, results: string, node: (script: string, ...args: string[]) => void}} options
 */
export async function evaluateClip({ model, data, count, work, results, node }) {
  const sets = [...(await drawWorlds(work, count)), ...(await drawArt(work)), ...data];
  const each = (name, values) => values.flatMap((value) => [name, value]);
  const options = [...each("--model", model), ...each("--set", sets), "--count", String(count)];
  node("scripts/train.mjs", "eval/clip/evaluate.py", ...options, "--out", join(results, "clip"));
}

/** MoodWorld by held-out identities (faces, then products and places, which need Chromium) and by held-out styles. */
async function drawWorlds(work, count) {
  const things = WORLD_CATEGORIES.filter((name) => name !== "face");
  const draws = { faces: {}, things: { shares: Object.fromEntries(things.map((name) => [name, 1])) } };
  for (const { name } of HELD_OUT_STYLES) draws[name] = { style: name };
  if (findChromium() === undefined) {
    console.error("clip: no Chromium, so no products and places");
    delete draws.things;
  }
  const sets = [];
  for (const [name, what] of Object.entries(draws)) {
    const dir = join(work, `${name}-${count}`);
    if (!existsSync(join(dir, "dataset.json"))) await writeDataset({ dir, count, seed: SEED, ...what });
    sets.push(`moodworld=${dir}`);
  }
  return sets;
}

async function drawArt(work) {
  const sets = [];
  for (const set of Object.keys(EMOJI_SETS)) {
    const folder = join(work, set);
    await drawEmoji(set, folder);
    sets.push(`labelled=${folder}`);
  }
  return sets;
}
