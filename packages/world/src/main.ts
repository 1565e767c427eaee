import { writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { writeDataset } from "./dataset.ts";
import { drawSheet } from "./sheet.ts";
import { WorldError } from "./world-error.ts";

const USAGE = `usage:
  npm run world -- dataset --count N --seed S --out DIR [--size 256] [--workers 2]
  npm run world -- sheet --style avataaars --out FILE.png [--identities 4]`;

async function main(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string", default: "64" },
      seed: { type: "string", default: "1" },
      size: { type: "string", default: "256" },
      workers: { type: "string", default: "2" },
      out: { type: "string" },
      style: { type: "string", default: "avataaars" },
      identities: { type: "string", default: "4" },
    },
  });
  if (positionals[0] === "dataset" && values.out !== undefined) {
    const started = performance.now();
    const count = Number(values.count);
    let shown = 0;
    await writeDataset({
      dir: values.out,
      count,
      seed: Number(values.seed),
      size: Number(values.size),
      workers: Number(values.workers),
      onProgress: (written) => {
        if (written - shown < 1024 && written < count) return;
        shown = written;
        const rate = written / ((performance.now() - started) / 1000);
        console.log(`${written}/${count} pictures, ${rate.toFixed(0)}/s`);
      },
    });
    return;
  }
  if (positionals[0] === "sheet" && values.out !== undefined) {
    const identities = Number(values.identities);
    await writeFile(values.out, drawSheet({ style: values.style, identities, seed: Number(values.seed) }));
    return;
  }
  console.error(USAGE);
  process.exitCode = 2;
}

try {
  await main();
} catch (error) {
  if (!(error instanceof WorldError)) throw error;
  console.error(`${error.reason}: ${error.message}`);
  process.exitCode = 1;
}
