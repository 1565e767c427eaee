// Edits held-out pairs of each category and writes a picture (source, edit, true edit) and a page. Picked by order, not by look: failures stay.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createPicture, decodeImage, encodeImage, resizePicture } from "@moodifier/inference";
import { openDataset } from "./dataset.mjs";
import { startEditing } from "./services.mjs";

const COLUMNS = 2; // triplets side by side
const SIDE = 160; // pixels of each picture

/**
 * Writes `images/CATEGORY.webp` for every category and `gallery.md` into `out`.
 * @param {{ folders: Record<string, string>, out: string, modelDir: string, pairs?: number }} options `folders`: a moodworld-raw folder for each category.
 */
export async function writeGallery({ folders, out, modelDir, pairs = 6 }) {
  const editing = await startEditing({ modelDir, threads: 2 });
  const pages = [];
  await mkdir(join(out, "images/gallery"), { recursive: true });
  try {
    for (const [category, folder] of Object.entries(folders)) {
      const triplets = await editPairs(editing, folder, pairs);
      const path = `images/gallery/${category}.webp`;
      await writeFile(join(out, path), await drawTriplets(triplets.map(({ pictures }) => pictures)));
      pages.push({ category, path, triplets });
      process.stderr.write(`${category}: ${triplets.map(({ emotion }) => emotion).join(", ")}\n`);
    }
  } finally {
    await editing.stop();
  }
  await writeFile(join(out, "gallery.md"), writePage(pages));
}

/** The first pairs whose wished emotions differ. */
async function editPairs(editing, folder, count) {
  const data = await openDataset(folder);
  const seen = new Set();
  const sources = data.records.filter(({ pair }) => {
    const { emotion } = data.records[pair];
    return seen.size < count && !seen.has(emotion) && seen.add(emotion);
  });
  const triplets = [];
  for (const record of sources) {
    const { index, emotion, intensity } = data.records[record.pair];
    const image = await data.image(record.index);
    const plan = await editing.plan({ image, emotion, intensity, category: record.category });
    const { image: edited, outsideMask } = await editing.edit(image, plan, { sampling: { seed: 1n } });
    const files = [image, edited, await data.image(index)];
    const pictures = await Promise.all(files.map(async ({ data: bytes }) => shrink(await decodeImage(bytes))));
    const warnings = plan.warnings.map(({ code }) => code);
    triplets.push({ from: record.emotion, emotion, pictures, warnings, changed: outsideMask.changedPx });
  }
  await data.close();
  return triplets;
}

const shrink = (picture) => resizePicture(picture, SIDE, SIDE);

async function drawTriplets(triplets) {
  const [across, gap] = [3 * SIDE, 8];
  const width = COLUMNS * across + (COLUMNS - 1) * gap;
  const rows = Math.ceil(triplets.length / COLUMNS);
  const height = rows * (SIDE + gap) - gap;
  const data = new Uint8Array(width * height * 3).fill(255);
  triplets.forEach((pictures, at) =>
    pictures.forEach((picture, column) => {
      const left = (at % COLUMNS) * (across + gap) + column * SIDE;
      const top = Math.floor(at / COLUMNS) * (SIDE + gap);
      for (let y = 0; y < SIDE; y++) {
        for (let x = 0; x < SIDE; x++) {
          const from = (y * SIDE + x) * picture.channels;
          data.set(picture.data.subarray(from, from + 3), ((top + y) * width + left + x) * 3);
        }
      }
    }),
  );
  return encodeImage(createPicture({ width, height, channels: 3, data }), { format: "webp", quality: 80 });
}

function writePage(pages) {
  const lines = [
    "# Gallery",
    "Made by `npm run eval -- gallery` with the `mini` family. In each group: the source, the edit, and the true edit that MoodWorld draws of the same identity. The pairs are the first of a drawn set that no training",
    "has seen, whatever they look like. `mini` has learned faces alone: the other categories show what its warning `OUT_OF_DOMAIN` means.",
  ];
  for (const { category, path, triplets } of pages) {
    const name = category[0].toUpperCase() + category.slice(1);
    lines.push("", `## ${name}`, `![${name}: source, edit, true edit](${path})`, "");
    lines.push("| from | to | warnings | pixels changed outside the mask |", "|---|---|---|--:|");
    for (const { from, emotion, warnings, changed } of triplets) {
      lines.push(`| ${from} | ${emotion} | ${warnings.join(", ") || "none"} | ${changed} |`);
    }
  }
  return `${lines.join("\n")}\n`;
}
