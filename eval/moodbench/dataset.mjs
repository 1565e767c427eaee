// Reads a moodworld-raw folder (training/README.md) for evaluation.
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createPicture, encodeMask, encodePng } from "@moodifier/inference";
import { common } from "@moodifier/proto";

/** @param {string} folder */
export async function openDataset(folder) {
  const { size, parts } = JSON.parse(await readFile(join(folder, "dataset.json"), "utf8"));
  const records = (await readFile(join(folder, "records.jsonl"), "utf8")).trim().split("\n").map(JSON.parse);
  const images = await open(join(folder, "images.u8"));
  const maps = await open(join(folder, "parts.u8"));

  async function read(file, length, index) {
    const data = new Uint8Array(length);
    await file.read(data, 0, length, index * length);
    return data;
  }

  return {
    size,
    records,
    /** The picture as PNG. */
    async image(index) {
      const data = await read(images, size * size * 3, index);
      const picture = createPicture({ width: size, height: size, channels: 3, data });
      return { data: await encodePng(picture), mediaType: "image/png" };
    },
    /** What MoodWorld knows of the edit from `record` to its partner, as fields of an EditPlan. */
    async truth(record) {
      const partner = records[record.pair];
      const labels = new Set(record.regions.map(({ label }) => parts.indexOf(label)));
      const union = new Float32Array(size * size);
      for (const { index } of [record, partner]) {
        for (const [at, part] of (await read(maps, size * size, index)).entries()) if (labels.has(part)) union[at] = 1;
      }
      const short = ({ summary, overall }) => `${summary} ${overall}`;
      return {
        partner,
        captions: { sourceCaption: record.caption, targetPrompt: partner.caption },
        short: { sourceCaption: short(record), targetPrompt: short(partner) },
        mask: {
          maskPng: await encodeMask({ width: size, height: size, data: union }),
          maskSource: common.MaskSource.SEGMENTER,
        },
        whole: { maskPng: new Uint8Array(), maskSource: common.MaskSource.WHOLE },
      };
    },
    close: () => Promise.all([images.close(), maps.close()]),
  };
}
