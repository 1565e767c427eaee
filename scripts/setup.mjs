// Installs what is missing, then builds: dependencies from the lock file, then every workspace with `tsc -b`.
// Runs on any Node >= 20; everything after it runs on the Node that package.json pins.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const quiet = process.argv.includes("--quiet");

function run(command, args, label) {
  if (!quiet) process.stderr.write(`setup: ${label}\n`);
  const done = spawnSync(command, args, { cwd: root, stdio: quiet ? ["ignore", "pipe", "pipe"] : ["ignore", 2, 2] });
  if (done.status !== 0) {
    process.stderr.write(
      `setup: ${label} failed (${command} ${args.join(" ")})\n${done.stdout ?? ""}${done.stderr ?? ""}`,
    );
    process.exit(1);
  }
}

function modified(file) {
  const full = path.join(root, file);
  return existsSync(full) ? statSync(full).mtimeMs : 0;
}

// npm writes node_modules/.package-lock.json after a complete install.
if (modified("node_modules/.package-lock.json") < modified("package-lock.json")) {
  run("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], "installing dependencies (about a minute)");
}
const pinned = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")).devDependencies.node;
const node = path.join(root, "node_modules", ".bin", "node");
const found = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim();
if (found !== `v${pinned}`) {
  process.stderr.write(`setup: expected Node v${pinned} in node_modules/.bin, got ${found ?? "none"}; run npm ci\n`);
  process.exit(1);
}
run(node, [path.join(root, "node_modules", "typescript", "bin", "tsc"), "-b"], "building");
