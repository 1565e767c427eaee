// Runs everything: TypeScript unit, rpc and end-to-end tests, then the Python training tests when their environment can be had.
// The last line is the plain total over both runners.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { ensurePostgres } from "./postgres.mjs";
import { findPromtool } from "./promtool.mjs";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const scratch = mkdtempSync(path.join(tmpdir(), "moodifier-test-"));
const total = { passed: 0, failed: 0, skipped: 0 };
let broken = false;

function run(command, args) {
  const done = spawnSync(command, args, { cwd: root, stdio: "inherit" });
  if (done.status !== 0) broken = true;
}

findPromtool({ fetch: true });
ensurePostgres();

// The Python environment is made while the first runner works.
const node = path.join(root, "node_modules/.bin/node");
const train = path.join(root, "scripts/train.mjs");
const environment = spawn(node, [train, "-m", "pip", "--version"], {
  cwd: root,
  stdio: ["ignore", "ignore", "inherit"],
});
const prepared = new Promise((resolve) => environment.once("close", resolve));

const report = path.join(scratch, "vitest.json");
run(node, [
  path.join(root, "node_modules/vitest/vitest.mjs"),
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
]);
const vitest = JSON.parse(readFileSync(report, "utf8"));
total.passed += vitest.numPassedTests;
total.failed += vitest.numFailedTests;
total.skipped += vitest.numPendingTests + vitest.numTodoTests;

const junit = path.join(scratch, "pytest.xml");
await prepared;
run(node, [
  train,
  "-m",
  "pytest",
  path.join(root, "training/tests"),
  path.join(root, "eval/moodbench"),
  path.join(root, "eval/clip"),
  "-q",
  `--junitxml=${junit}`,
]);
const suite = existsSync(junit) ? /<testsuite [^>]*>/.exec(readFileSync(junit, "utf8"))?.[0] : undefined;
if (suite === undefined) broken = true;
const count = (name) => Number(new RegExp(`${name}="(\\d+)"`).exec(suite ?? "")?.[1] ?? 0);
const failed = count("failures") + count("errors");
total.passed += count("tests") - failed - count("skipped");
total.failed += failed;
total.skipped += count("skipped");

console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(broken || total.failed > 0 || total.passed === 0 ? 1 : 0);
