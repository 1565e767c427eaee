// `npm run test:production`: the production family, with random weights. Needs the training environment, 12 GiB of memory and, for the
// full-size parity, about an hour of two cores. --quick leaves the full sizes out: a thin family of the same topology stands in.
// 1. folders laid out as the real ones, 2. `moodifier models import` and `verify`, 3. edits through the services, 4. parity.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const node = path.join(root, "node_modules/.bin/node");
const quick = process.argv.includes("--quick");
const scratch = mkdtempSync(path.join(tmpdir(), "moodifier-production-"));
const family = path.join(scratch, "family");

function run(args, cwd, env = {}) {
  const { status } = spawnSync(node, args, { cwd, stdio: "inherit", env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${args.join(" ")}: exit code ${status}`);
}

const python = (args, env) =>
  run([path.join(root, "scripts/train.mjs"), "-m", ...args], path.join(root, "training"), env);
const cli = (args) => run([path.join(root, "apps/cli/dist/main.js"), ...args], root);

try {
  python(["moodifier_train.importing.layout", "--out", scratch]);
  cli(["models", "import", "--from", path.join(scratch, "lcm"), "--clip", path.join(scratch, "clip"), "--out", family]);
  cli(["models", "verify", family]);
  cli(["models", "info", family]);
  run(
    [path.join(root, "node_modules/vitest/vitest.mjs"), "run", "--config", "tests/production/vitest.config.ts"],
    root,
    {
      MOODIFIER_PRODUCTION_MODEL: family,
    },
  );
  const small = { MOODIFIER_PRODUCTION_SIZE: "small", MOODIFIER_PRODUCTION_SIDE: "16" };
  python(["pytest", "-q", "-s", "production_tests"], quick ? small : {});
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
