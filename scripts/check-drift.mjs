// Fails when committed generated code differs from what its source gives today, and when the contracts break callers of the last release.
// 1. proto/ is generated anew into a temporary folder and compared with packages/proto/src/gen.
// 2. `buf breaking` compares proto/ with the last git tag, else with the main branch when HEAD is elsewhere; it is skipped,
//    with the reason, when there is neither.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const committed = join(root, "packages/proto/src/gen");
const path = [join(root, "node_modules/.bin"), process.env.PATH].join(":");

const faults = [...findDrift(), ...findBreaks()];
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);

function findDrift() {
  const fresh = mkdtempSync(join(tmpdir(), "proto-gen-"));
  try {
    const template = readFileSync(join(root, "proto/buf.gen.yaml"), "utf8").replaceAll(
      "../packages/proto/src/gen",
      fresh,
    );
    const run = buf(["generate", "--template", template]);
    if (run.status !== 0) return [`buf generate failed:\n${run.stderr}`];
    const differing = compareTrees(committed, fresh);
    if (differing.length === 0)
      console.log(`generated code: ${listFiles(fresh).length} files equal packages/proto/src/gen`);
    else differing.push("generated code has drifted; run `npm run proto` and commit packages/proto/src/gen");
    return differing;
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

function findBreaks() {
  const baseline = findBaseline();
  if (!baseline.ref) {
    console.log(`breaking changes: not checked, ${baseline.reason}`);
    return [];
  }
  const run = buf(["breaking", "--against", `${baseline.gitDir}#ref=${baseline.ref},subdir=proto`]);
  if (run.status === 0) {
    console.log(`breaking changes: none against ${baseline.ref}`);
    return [];
  }
  return [`breaking changes against ${baseline.ref}:\n${run.stdout}${run.stderr}`.trimEnd()];
}

function findBaseline() {
  const gitDir = git("rev-parse", "--path-format=absolute", "--git-common-dir");
  if (gitDir === undefined) return { reason: "this is no git checkout" };
  const tag = git("describe", "--tags", "--abbrev=0");
  const main = git("rev-parse", "--verify", "--quiet", "origin/main") ? "origin/main" : "main";
  const mainCommit = git("rev-parse", "--verify", "--quiet", main);
  const ref = tag ?? (mainCommit !== undefined && mainCommit !== git("rev-parse", "HEAD") ? main : undefined);
  if (ref === undefined) return { reason: "there is no tag yet, and no main branch other than this commit" };
  if (git("rev-parse", "--verify", "--quiet", `${ref}:proto/buf.yaml`) === undefined)
    return { reason: `${ref} has no proto/buf.yaml` };
  return { ref, gitDir };
}

function compareTrees(before, after) {
  const names = new Set([...listFiles(before), ...listFiles(after)]);
  return [...names].sort().flatMap((name) => {
    const old = readOrUndefined(join(before, name));
    const now = readOrUndefined(join(after, name));
    if (old === now) return [];
    if (old === undefined) return [`missing: packages/proto/src/gen/${name}`];
    return [`${now === undefined ? "no longer generated" : "differs"}: packages/proto/src/gen/${name}`];
  });
}

function listFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"));
}

function readOrUndefined(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}

function buf(args) {
  return spawnSync("buf", args, { cwd: join(root, "proto"), env: { ...process.env, PATH: path }, encoding: "utf8" });
}

function git(...args) {
  try {
    return execFileSync("git", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}
