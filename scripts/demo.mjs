// Edits the example pictures through the four services and writes out/demo: each edit, its report, and one before/after sheet.
import { decodeImage, encodePng } from "@moodifier/inference";
import { Resvg } from "@resvg/resvg-js";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const out = path.join(root, "out", "demo");
const emotions = ["joy", "sadness", "anger", "surprise"];
mkdirSync(out, { recursive: true });

const startedMs = performance.now();
const server = spawn(path.join(root, "node_modules/.bin/node"), [path.join(root, "services/embedded/dist/main.js")], {
  env: {
    ...process.env,
    MOODIFIER_MODEL_DIR: path.join(root, "models/mini"),
    MOODIFIER_PORT: "0",
    MOODIFIER_LOG_LEVEL: "warn",
  },
  stdio: ["ignore", "pipe", "inherit"],
});
const exited = new Promise((resolve) => server.once("exit", resolve));
const ready = new Promise((resolve, reject) => {
  createInterface({ input: server.stdout }).once("line", (line) => resolve(JSON.parse(line)));
  server.once("exit", (code) => reject(new Error(`the services stopped before they were ready (exit code ${code})`)));
});

async function edit(url, file, emotion) {
  const form = new FormData();
  form.set("image", new Blob([readFileSync(file)]), path.basename(file));
  form.set("emotion", emotion);
  const began = performance.now();
  const answer = await fetch(`${url}/v1/edits`, { method: "POST", body: form, headers: { prefer: "wait=60" } });
  const job = await answer.json();
  if (job.status !== "succeeded") throw new Error(`${path.basename(file)} ${emotion}: ${JSON.stringify(job)}`);
  const image = Buffer.from(await (await fetch(job.urls.result)).arrayBuffer());
  return { job, image, ms: performance.now() - began };
}

try {
  const { url } = await ready;
  console.log(`four services ready in ${((performance.now() - startedMs) / 1000).toFixed(1)} s at ${url}`);
  const sources = readdirSync(path.join(root, "examples"))
    .filter((name) => /\.(png|jpe?g|webp)$/.test(name))
    .toSorted();
  const cell = 192;
  const cells = ["source", ...emotions].map(
    (label, x) =>
      `<text x="${x * cell + cell / 2}" y="18" font-family="sans-serif" font-size="15" text-anchor="middle">${label}</text>`,
  );
  const place = (bytes, x, y) =>
    `<image x="${x * cell}" y="${24 + y * cell}" width="${cell}" height="${cell}" href="data:image/png;base64,${bytes.toString("base64")}"/>`;
  for (const [y, name] of sources.entries()) {
    const stem = path.parse(name).name;
    for (const [x, emotion] of emotions.entries()) {
      const { job, image, ms } = await edit(url, path.join(root, "examples", name), emotion);
      writeFileSync(path.join(out, `${stem}-${emotion}.png`), image);
      writeFileSync(path.join(out, `${stem}-${emotion}.json`), `${JSON.stringify(job, null, 2)}\n`);
      const outside = job.outside_mask;
      console.log(
        `${stem} -> ${emotion}: ${(ms / 1000).toFixed(2)} s, ${outside.changed_px} of ${outside.total_px} pixels outside the mask changed`,
      );
      cells.push(place(image, x + 1, y));
    }
    cells.push(place(await encodePng(await decodeImage(readFileSync(path.join(root, "examples", name)))), 0, y));
  }
  const [width, height] = [(emotions.length + 1) * cell, 24 + sources.length * cell];
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="#fff"/>${cells.join("")}</svg>`;
  writeFileSync(path.join(out, "sheet.png"), new Resvg(svg).render().asPng());
  console.log(`before/after sheet: ${path.relative(process.cwd(), path.join(out, "sheet.png"))}`);
} finally {
  server.kill("SIGTERM");
  await exited;
}
