// CPU seconds a picture of the model stages, measured on the services' own process: node models.mjs [PICTURES]. Prints one JSON line. CPU time, unlike wall time, is
// fair on a machine that does other things too.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectAnnotator, connectScorer } from "@moodifier/archive";
import { decodeImage, encodePng } from "@moodifier/inference";
import { openNsfwClassifier } from "@moodifier/safety";
import { render, sample } from "@moodifier/world";

const count = Number(process.argv[2] ?? 10);
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../..");
const pictures = [];
for (let seed = 0; seed < count; seed++) {
  const { width, height, picture } = render(sample(seed), 256);
  pictures.push(await encodePng({ width, height, channels: 3, data: picture }));
}
const own = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
/** User and system seconds of a process, threads included. Linux counts in hundredths. */
const cpuOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
};
async function measure(now, work) {
  await work(pictures[0]);
  const [cpu, from] = [now(), performance.now()];
  for (const picture of pictures) await work(picture);
  return { cpuSPerPicture: (now() - cpu) / count, wallSPerPicture: (performance.now() - from) / 1000 / count };
}
const start = (service, port) =>
  spawn(process.execPath, [path.join(root, "services", service, "dist/main.js")], {
    env: {
      ...process.env,
      MOODIFIER_MODEL_DIR: path.join(root, "models/mini"),
      MOODIFIER_HOST: "127.0.0.1",
      MOODIFIER_PORT: String(port),
      MOODIFIER_LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
/** Asks until the service has loaded its model. */
async function untilReady(ask) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= 30) throw error;
      await sleep(2000);
    }
  }
}
const image = (bytes) => ({ bytes, mediaType: "image/png" });
const [mllm, clip] = [start("mllm", 47_101), start("clip", 47_102)];
try {
  const annotator = connectAnnotator("127.0.0.1:47101");
  const scorer = connectScorer("127.0.0.1:47102");
  await untilReady(() => annotator.expand("joy", "face"));
  const annotate = await measure(
    () => cpuOf(mllm.pid),
    (bytes) => annotator.annotate(image(bytes)),
  );
  await untilReady(() => scorer.identify());
  const score = await measure(
    () => cpuOf(clip.pid),
    (bytes) => scorer.embedImage(image(bytes)),
  );
  annotator.close();
  scorer.close();
  const classifier = await openNsfwClassifier({ file: path.join(root, ".cache/open-nsfw/open_nsfw.onnx"), threads: 1 });
  const nsfw = await measure(own, async (bytes) => classifier.score(await decodeImage(bytes)));
  await classifier.close();
  console.log(JSON.stringify({ pictures: count, annotate, score, nsfw }));
} finally {
  mllm.kill("SIGTERM");
  clip.kill("SIGTERM");
}
