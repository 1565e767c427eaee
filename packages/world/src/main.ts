import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { bench } from "./bench.ts";
import { writeDataset } from "./dataset.ts";
import type { CategoryShares } from "./dataset-record.ts";
import { WORLD_CATEGORIES, type WorldCategory } from "./scene.ts";
import { drawCategorySheet, drawSheet } from "./sheet.ts";
import { openRenderer } from "./stage/renderer.ts";
import { WorldError } from "./world-error.ts";

const USAGE = `usage:
  npm run world -- dataset --count N --seed S --out DIR [--categories face=4,vase,ring] [--style NAME] [--size 256] [--workers 2] [--cache DIR]
  npm run world -- sheet --category vase [--out FILE.jpg] [--seed 1] [--one] [--size 176] [--intensity 0.9]
  npm run world -- sheet --style avataaars --out FILE.png [--identities 4]
  npm run world -- bench [--categories face,vase] [--count 40]
categories: ${WORLD_CATEGORIES.join(", ")} or all`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string" },
      seed: { type: "string", default: "1" },
      size: { type: "string" },
      workers: { type: "string", default: "2" },
      out: { type: "string" },
      cache: { type: "string" },
      category: { type: "string" },
      categories: { type: "string" },
      intensity: { type: "string", default: "0.9" },
      one: { type: "boolean", default: false },
      style: { type: "string" },
      identities: { type: "string", default: "4" },
    },
  });
  const seed = Number(values.seed);
  const cache = values.cache === undefined ? {} : { cacheDir: values.cache };
  const style = values.style === undefined ? {} : { style: values.style };
  if (positionals[0] === "dataset" && values.out !== undefined) {
    const started = performance.now();
    const count = Number(values.count ?? "64");
    let shown = 0;
    await writeDataset({
      dir: values.out,
      count,
      seed,
      size: Number(values.size ?? "256"),
      workers: Number(values.workers),
      shares: readShares(values.categories ?? "face"),
      ...style,
      ...cache,
      onProgress: (written) => {
        if (written - shown < 1024 && written < count) return;
        shown = written;
        const rate = written / ((performance.now() - started) / 1000);
        console.log(`${written}/${count} pictures, ${rate.toFixed(0)}/s`);
      },
    });
    return;
  }
  if (positionals[0] === "bench") {
    await bench(Object.keys(readShares(values.categories ?? "all")) as WorldCategory[], Number(values.count ?? "40"));
    return;
  }
  if (positionals[0] === "sheet" && values.category !== undefined) {
    const [category] = Object.keys(readShares(values.category)) as WorldCategory[];
    const out = values.out ?? `docs/images/world/${category}.jpg`;
    const renderer = openRenderer(cache);
    try {
      const picture = await drawCategorySheet(renderer, {
        category: category!,
        seed,
        size: Number(values.size ?? "176"),
        intensity: Number(values.intensity),
        oneIdentity: values.one,
        ...style,
        type: out.endsWith(".webp") ? "image/webp" : "image/jpeg",
      });
      await mkdir(dirname(out), { recursive: true });
      await writeFile(out, picture);
      console.log(`${out}: ${(picture.length / 1024).toFixed(0)} KB`);
    } finally {
      await renderer.close();
    }
    return;
  }
  if (positionals[0] === "sheet" && values.out !== undefined) {
    const identities = Number(values.identities);
    await writeFile(values.out, drawSheet({ style: values.style ?? "avataaars", identities, seed }));
    return;
  }
  console.error(USAGE);
  process.exitCode = 2;
}

/** Reads "face=4,vase" as shares; "all" is every category alike. */
function readShares(text: string): CategoryShares {
  if (text === "all") return Object.fromEntries(WORLD_CATEGORIES.map((name) => [name, 1]));
  return Object.fromEntries(
    text.split(",").map((item) => {
      const [name = "", share = "1"] = item.split("=");
      if (!(WORLD_CATEGORIES as readonly string[]).includes(name) || !(Number(share) > 0)) {
        throw new WorldError(
          "CATEGORY_UNKNOWN",
          `categories must be names with an optional =share above 0, of ${WORLD_CATEGORIES.join(", ")}; got "${item}"`,
        );
      }
      return [name, Number(share)];
    }),
  );
}

try {
  await main();
} catch (error) {
  if (!(error instanceof WorldError)) throw error;
  console.error(`${error.reason}: ${error.message}`);
  process.exitCode = 1;
}
