// Edits held-out identities into several emotions, and writes one picture: a row for each identity, first the source, then an edit for each emotion.
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { writeFile } from "node:fs/promises";
import { createPicture, decodeImage, encodeImage } from "@moodifier/inference";
import { openDataset } from "./dataset.mjs";
import { startEditing } from "./services.mjs";

const { values: options } = parseArgs({
  options: {
    data: { type: "string" },
    out: { type: "string" },
    emotions: { type: "string", default: "joy,sadness,anger,surprise,fear,disgust,love,amusement" },
    rows: { type: "string", default: "6" },
    split: { type: "string", default: "val" },
    model: { type: "string", default: fileURLToPath(new URL("../../models/mini", import.meta.url)) },
  },
});
if (!options.data || !options.out) {
  console.error("usage: sheet.mjs --data DIR --out FILE.webp [--emotions a,b] [--rows N] [--model DIR]");
  process.exit(2);
}
const emotions = options.emotions.split(",");
const data = await openDataset(options.data);
// One picture of each style in turn, so that no style fills the sheet; picked by order, not by look.
const sources = data.records.filter(
  ({ split, index, pair }) => (options.split === "all" || split === options.split) && index < pair,
);
const styles = [...new Set(sources.map(({ style }) => style))].toSorted();
const rows = Array.from(
  { length: Number(options.rows) },
  (_, at) => sources.filter(({ style }) => style === styles[at % styles.length])[Math.floor(at / styles.length)],
);
const editing = await startEditing({ modelDir: options.model, threads: 2 });
const side = data.size;
const sheet = { width: side * (emotions.length + 1), height: side * rows.length };
const pixels = new Uint8Array(sheet.width * sheet.height * 3);

for (const [row, record] of rows.entries()) {
  const image = await data.image(record.index);
  paste(await decodeImage(image.data), 0, row);
  for (const [column, emotion] of emotions.entries()) {
    const plan = await editing.plan({ image, emotion, category: record.category });
    const { image: edited } = await editing.edit(image, plan, { sampling: { seed: 1n } });
    paste(await decodeImage(edited.data), column + 1, row);
  }
  process.stderr.write(`${record.style} ${record.emotion} -> ${emotions.join(", ")}\n`);
}
const whole = createPicture({ ...sheet, channels: 3, data: pixels });
await writeFile(options.out, await encodeImage(whole, { format: "webp", quality: 80 }));
await editing.stop();
await data.close();

function paste(picture, column, row) {
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const from = (y * side + x) * picture.channels;
      const to = ((row * side + y) * sheet.width + column * side + x) * 3;
      pixels.set(picture.data.subarray(from, from + 3), to);
    }
  }
}
