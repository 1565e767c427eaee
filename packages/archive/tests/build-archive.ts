// Builds an archive of stand-ins from beginning to end: node --conditions=source build-archive.ts DIR COUNT DELAY_MS. Killed and run again by the tests.
import { annotate, collect, DEFAULT_PHRASES, filter, openArchive, publish, score } from "../src/index.ts";
import { createAnnotator, createBlocksProvider, createScorer } from "./stand-ins.ts";

const [dir = "", count = "60", delayMs = "2"] = process.argv.slice(2);
const archive = await openArchive(dir, { unitSize: 15 });
await collect(archive, createBlocksProvider(Number(count)));
await filter(archive, { minSide: 64 });
await annotate(archive, createAnnotator(Number(delayMs)));
await score(archive, createScorer(), DEFAULT_PHRASES);
await publish(archive, { shardSamples: 8 });
process.stdout.write("done\n");
