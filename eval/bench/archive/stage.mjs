// One stage of the archive bench in a process of its own: node stage.mjs STAGE DIR RECORDS [SHARD]. Prints one JSON line.
import { crc32, deflateSync } from "node:zlib";
import {
  annotate,
  collect,
  DEFAULT_PHRASES,
  filter,
  openArchive,
  parseShard,
  publish,
  removeDuplicates,
  score,
  writeStats,
} from "@moodifier/archive";
import { EMOTIONS_27 } from "@moodifier/emotion";

const [stage, dir, count, share = "0/1"] = process.argv.slice(2);
const shard = parseShard(share);
const records = Number(count);
const SIDE = 16;
const CONTEXTS = ["face", "natural", "urban", "object"];

/** A deterministic stream of 32-bit numbers (splitmix32). */
function createStream(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x9e3779b9) >>> 0;
    let x = state;
    x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
    x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
    return (x ^ (x >>> 15)) >>> 0;
  };
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(body.length + 8);
  frame.writeUInt32BE(data.length, 0);
  body.copy(frame, 4);
  frame.writeUInt32BE(crc32(body), body.length + 4);
  return frame;
}

/** A PNG of noise. One in 50 repeats an earlier one, so that duplicates have work to do. */
function drawPng(index) {
  const next = createStream(index % 50 === 49 ? index - 25 : index);
  const rows = Buffer.alloc(SIDE * (SIDE * 3 + 1));
  for (let y = 0; y < SIDE; y++) for (let x = 0; x < SIDE * 3; x++) rows[y * (SIDE * 3 + 1) + 1 + x] = next() >>> 24;
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIDE, 0);
  header.writeUInt32BE(SIDE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

const provider = {
  name: "synthetic",
  settings: { records },
  concurrency: 8,
  async *plan({ unitSize }) {
    for (let first = 0; first < records; first += unitSize) {
      const inUnit = Math.min(unitSize, records - first);
      yield { spec: { first, count: inUnit }, expected: inUnit };
    }
  },
  async *list({ first, count: inUnit }) {
    for (let index = first; index < first + inUnit; index++) {
      yield {
        uri: `synthetic:${index}`,
        licence: { id: "CC0-1.0" },
        attribution: "",
        emotion: EMOTIONS_27[index % 27],
        context: CONTEXTS[index % 4],
        group: `synthetic-${Math.floor(index / 3)}`,
        open: async () => ({ bytes: drawPng(index), mediaType: "image/png" }),
      };
    }
  },
};

let asked = 0;
const annotator = {
  identify: async () => "arithmetic",
  annotate: async () => {
    const next = createStream(asked++);
    const word = () => (next() >>> 8).toString(36);
    const box = { x0: 0.1, y0: 0.2, x1: 0.6, y1: 0.7 };
    return {
      summary: `A picture of ${word()} beside ${word()} in front of a wall that nobody has painted for years.`,
      stimuli: ["first", "second", "third"].map((name) => ({
        text: `The ${name} thing is ${word()} with ${word()} on it.`,
        box,
      })),
      overall: "The picture conveys joy.",
      emotion: "joy",
      modelId: "arithmetic",
    };
  },
  expand: async () => [],
  close: () => undefined,
};

function embed(bytes) {
  const vector = new Float32Array(64);
  for (let i = 0; i < bytes.length; i++) vector[i % 64] += bytes[i] - 128;
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const scorer = {
  identify: async () => "arithmetic",
  embedTexts: async (texts) => texts.map((text) => embed(Buffer.from(text.padEnd(64, text)))),
  embedImage: async ({ bytes }) => embed(bytes),
  close: () => undefined,
};

const STAGES = {
  collect: (archive) => collect(archive, provider, { shard }),
  filter: (archive) => filter(archive, { minSide: 8, duplicates: false, shard }).then((report) => report.filter),
  dedupe: (archive) => removeDuplicates(archive),
  annotate: (archive) => annotate(archive, annotator, { shard }),
  score: (archive) => score(archive, scorer, DEFAULT_PHRASES, { shard }).then((report) => report.score),
  publish: (archive) => publish(archive),
  stats: (archive) => writeStats(archive),
};

const archive = await openArchive(dir, { unitSize: 1000 });
const start = performance.now();
const report = await STAGES[stage](archive);
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage();
const { maxRSS } = process.resourceUsage();
console.log(
  JSON.stringify({
    in: report.in,
    out: report.out,
    refused: report.refused,
    seconds,
    ratePerS: report.in / seconds,
    cpuS: (user + system) / 1e6,
    peakMiB: maxRSS / 1024,
  }),
);
