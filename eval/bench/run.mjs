// `npm run bench -- <name> [options]`: runs eval/bench/<name>.mjs, whose default export takes the options and returns the result.
// The last line printed is the result as one JSON object.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { fileURLToPath } from "node:url";

const folder = new URL("./", import.meta.url);
const names = readdirSync(folder)
  .filter((file) => file.endsWith(".mjs") && file !== "run.mjs")
  .map((file) => file.slice(0, -".mjs".length));

const [name, ...options] = process.argv.slice(2);
if (!names.includes(name ?? "")) {
  console.error(`usage: npm run bench -- <${names.join("|")}> [options]`);
  process.exit(2);
}
const { default: bench } = await import(new URL(`${name}.mjs`, folder).href);
const result = await bench(options);
console.log(JSON.stringify({ bench: name, ...result, machine: describeMachine(), commit: readCommit() }));

function describeMachine() {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    platform: `${platform()}-${arch()}`,
    node: process.version,
  };
}

function readCommit() {
  try {
    return execFileSync("git", ["rev-parse", "--short", "HEAD"], {
      cwd: fileURLToPath(folder),
      encoding: "utf8",
    }).trim();
  } catch {
    return null;
  }
}
