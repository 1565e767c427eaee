import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EMOTIONS } from "@moodifier/emotion";
import { decodeImage } from "@moodifier/inference";
import { afterAll, beforeAll, expect, it } from "vitest";
import { drawEmoji, EMOJI_SETS } from "../../eval/clip/draw-emoji.mjs";

interface Labels {
  readonly classes: readonly string[];
  readonly pictures: readonly { file: string; emotions: readonly string[]; captions: readonly string[] }[];
}

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "emoji-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

it.each(Object.keys(EMOJI_SETS) as (keyof typeof EMOJI_SETS)[])(
  "draws every emoji of the list from %s and labels it by its name",
  async (set) => {
    const folder = join(root, set);
    await drawEmoji(set, folder);
    const { classes, pictures } = JSON.parse(await readFile(join(folder, "labels.json"), "utf8")) as Labels;
    expect(classes).toEqual([...EMOTIONS]);
    expect(pictures.flatMap(({ emotions }) => emotions).filter((emotion) => !classes.includes(emotion))).toEqual([]);
    const crying = pictures.find(({ file }) => file === "loudly-crying-face.png");
    expect(crying).toMatchObject({
      emotions: ["grief", "sadness"],
      captions: ["An emoji of loudly crying face."],
    });
    expect(pictures.find(({ file }) => file === "amphora.png")?.emotions).toEqual([]);
    for (const { file } of pictures) {
      const { width, height, data } = await decodeImage(await readFile(join(folder, file)));
      expect([width, height], file).toEqual([256, 256]);
      expect(new Set(data.subarray(0, 256 * 256 * 3)).size, file).toBeGreaterThan(8);
    }
  },
);

it("holds no set that is reserved", () => {
  expect(Object.keys(EMOJI_SETS).filter((name) => /noto|fluent/i.test(name))).toEqual([]);
});
