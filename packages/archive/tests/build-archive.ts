// Builds an archive of stand-ins from beginning to end: node --conditions=source build-archive.ts DIR COUNT DELAY_MS. Killed and run again by the tests.
// DIR/asked.log gets a line for every picture that the annotator is asked about.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { annotate, collect, DEFAULT_PHRASES, filter, openArchive, publish, score } from "../src/index.ts";
import { sha256 } from "../src/store/unit.ts";
import { createAnnotator, createBlocksProvider, createScorer } from "./stand-ins.ts";

const [dir = "", count = "60", delayMs = "2"] = process.argv.slice(2);
const archive = await openArchive(dir, { unitSize: 15 });
await collect(archive, createBlocksProvider(Number(count)));
await filter(archive, { minSide: 64 });
const annotator = createAnnotator(Number(delayMs));
await annotate(archive, {
  ...annotator,
  annotate: (image, signal) => {
    appendFileSync(join(dir, "asked.log"), `${sha256(image.bytes)}\n`);
    return annotator.annotate(image, signal);
  },
});
await score(archive, createScorer(), DEFAULT_PHRASES);
await publish(archive, { shardSamples: 8 });
process.stdout.write("done\n");
