// Downloads one model family and checks every byte; the init container of the chart. Settings: MODEL_URL (folder URL that holds FAMILY/manifest.json),
// MODEL_FAMILY, MANIFEST_SHA256 and TARGET (folder). A file that is there already with the right digest is kept.
import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Longest silence of the server, milliseconds. */
const SILENCE_MS = 60_000;
const ATTEMPTS = 5;

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is needed`);
  return value;
}

async function main() {
  const [url, family, target] = ["MODEL_URL", "MODEL_FAMILY", "TARGET"].map(setting);
  const folder = path.join(target, family);
  const base = new URL(`${url.replace(/\/+$/, "")}/${family}/`);
  const text = await again(() => readText(new URL("manifest.json", base)));
  expectDigest("manifest.json", sha256(text), setting("MANIFEST_SHA256"));
  for (const [name, expected] of Object.entries(JSON.parse(text).files)) {
    const file = path.join(folder, name);
    if (!file.startsWith(`${folder}${path.sep}`)) throw new Error(`manifest.json: ${name} leads out of the folder`);
    if ((await digestOf(file)) === expected.sha256) continue;
    await mkdir(path.dirname(file), { recursive: true });
    await again(() => download(new URL(name, base), file, name, expected));
    log({ file: name, bytes: expected.bytes });
  }
  // Last, so that a folder with a manifest is whole.
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "manifest.json"), text);
  log({ family, msg: "complete" });
}

async function readText(url) {
  using answer = await request(url);
  return answer.response.text();
}

async function download(url, file, name, expected) {
  using answer = await request(url);
  const hash = createHash("sha256");
  let bytes = 0;
  const watch = new Transform({
    transform(chunk, _encoding, done) {
      answer.heard();
      bytes += chunk.length;
      hash.update(chunk);
      done(
        bytes > expected.bytes ? final(`${name}: more than the ${expected.bytes} bytes of the manifest`) : null,
        chunk,
      );
    },
  });
  const unfinished = `${file}.part`;
  try {
    await pipeline(Readable.fromWeb(answer.response.body), watch, createWriteStream(unfinished));
    expectDigest(name, hash.digest("hex"), expected.sha256);
    await rename(unfinished, file);
  } finally {
    await rm(unfinished, { force: true });
  }
}

/** An open answer that is given up after a long silence. */
async function request(url) {
  const controller = new AbortController();
  const silent = () => controller.abort(new Error(`${url.pathname}: the server is silent for ${SILENCE_MS} ms`));
  let timer = setTimeout(silent, SILENCE_MS);
  const stop = () => clearTimeout(timer);
  const heard = () => {
    stop();
    timer = setTimeout(silent, SILENCE_MS);
  };
  try {
    const response = await fetch(url, { signal: controller.signal, redirect: "follow" });
    if (response.ok) return { response, heard, [Symbol.dispose]: stop };
    const error = new Error(`${url.pathname}: the server answered ${response.status}`);
    error.final = response.status < 500 && response.status !== 429;
    throw error;
  } catch (error) {
    stop();
    throw error;
  }
}

async function again(work) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (error.final || attempt === ATTEMPTS) throw error;
      await new Promise((resolve) => setTimeout(resolve, 2 ** attempt * 250));
    }
  }
}

function expectDigest(name, got, expected) {
  if (got === expected) return;
  throw final(`${name}: expected sha256 ${expected}, got ${got}`);
}

/** An error that another attempt would not mend. */
function final(message) {
  return Object.assign(new Error(message), { final: true });
}

function sha256(data) {
  return createHash("sha256").update(data).digest("hex");
}

async function digestOf(file) {
  const hash = createHash("sha256");
  try {
    for await (const chunk of createReadStream(file)) hash.update(chunk);
  } catch {
    return undefined;
  }
  return hash.digest("hex");
}

function log(fields) {
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), ...fields })}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`fetch-models: ${error.message}\n`);
  process.exit(1);
}
