// Finds Prometheus' rule checker: on the PATH, else unpacked from Debian's package `prometheus` below .cache (no root, nothing installed, no daemon started).
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../.cache/promtool");
const unpacked = path.join(folder, "usr/bin/promtool");

/** Path of promtool; with `fetch` it is got when it is missing. Throws an Error that says what to do when it cannot be had. */
export function findPromtool({ fetch = false } = {}) {
  if (spawnSync("promtool", ["--version"]).status === 0) return "promtool";
  if (!existsSync(unpacked) && fetch) unpack();
  if (existsSync(unpacked)) return unpacked;
  throw new Error("promtool is missing: run `node scripts/promtool.mjs`, or install Debian's package prometheus");
}

function unpack() {
  mkdirSync(folder, { recursive: true });
  const run = (command, args) => spawnSync(command, args, { cwd: folder, stdio: "inherit" }).status === 0;
  // The package lists of a clean machine are empty; only root may fill them.
  if (!run("apt-get", ["download", "prometheus"])) {
    run("apt-get", ["update", "-qq"]);
    run("apt-get", ["download", "prometheus"]);
  }
  const archive = readdirSync(folder).find((file) => file.endsWith(".deb"));
  if (archive) run("dpkg-deb", ["-x", archive, folder]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(findPromtool({ fetch: true }));
