// The denoiser in ONNX Runtime (float32, int8) against eager diffusers (float32, bfloat16) and OpenVINO: training/moodifier_train/importing/bench.py,
// run in the training environment. Options are passed on: --size mini|small|sd15, --side, --rows, --rounds, --steps, --threads.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

export default async function benchDenoiser(options) {
  const threads = options.includes("--threads") ? [] : ["--threads", String(availableParallelism())];
  const args = [`${root}scripts/train.mjs`, "-m", "moodifier_train.importing.bench", ...threads, ...options];
  const child = spawn(process.execPath, args, { cwd: `${root}training`, stdio: ["ignore", "pipe", "inherit"] });
  const closed = once(child, "close");
  let last = "";
  for await (const line of createInterface({ input: child.stdout })) {
    if (last !== "") console.log(last);
    last = line;
  }
  const [code] = await closed;
  if (code !== 0) throw new Error(`the measurement ended with code ${code}`);
  return JSON.parse(last);
}
