// Draws the emoji of emoji-labels.json from an art set's npm package as a labelled folder (sets/labelled.py): PNG pictures and labels.json.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Resvg } from "@resvg/resvg-js";

const SIZE = 256;
/** Set name -> title. Noto and Fluent emoji are reserved and must not be added. */
export const EMOJI_SETS = { twemoji: "Twemoji", openmoji: "OpenMoji" };

/**
 * Writes `folder`. Emotions come from the emoji's names alone: emoji-labels.json lists the names under the emotion that they say.
 * Throws when the art set lacks one of the names.
 * @param {keyof typeof EMOJI_SETS} set
 * @param {string} folder
 */
export async function drawEmoji(set, folder) {
  const { default: art } = await import(`@iconify-json/${set}/icons.json`, { with: { type: "json" } });
  const { faces, things } = await readJson("./emoji-labels.json");
  const taxonomy = await readJson("../../packages/emotion/src/data/taxonomy.json");
  const emotionsOf = (name) => Object.keys(faces).filter((emotion) => faces[emotion].includes(name));
  const names = [...new Set([...Object.values(faces), ...Object.values(things)].flat())].toSorted();
  await mkdir(folder, { recursive: true });
  for (const name of names) await writeFile(join(folder, `${name}.png`), drawIcon(art, name));
  const labels = {
    name: `${EMOJI_SETS[set]} emoji`,
    origin: "Faces whose Unicode name says an emotion; the name is the text of faces, products and places.",
    classes: taxonomy.map(({ name }) => name),
    pictures: names.map((name) => ({
      file: `${name}.png`,
      emotions: emotionsOf(name),
      captions: [`An emoji of ${name.replaceAll("-", " ")}.`],
    })),
  };
  await writeFile(join(folder, "labels.json"), JSON.stringify(labels, null, 2) + "\n");
}

function drawIcon(art, name) {
  const icon = art.icons[art.aliases?.[name]?.parent ?? name];
  if (icon === undefined) throw new Error(`emoji: expected "${name}" in ${art.prefix}, found none`);
  const { body, width = art.width, height = art.height } = icon;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}">${body}</svg>`;
  return new Resvg(svg, {
    background: "#fff",
    fitTo: { mode: "width", value: SIZE },
    font: { loadSystemFonts: false },
  })
    .render()
    .asPng();
}

async function readJson(path) {
  return JSON.parse(await readFile(new URL(path, import.meta.url), "utf8"));
}
