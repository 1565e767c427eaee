// npm run train -- TASK [options]: runs training/train.py in its own Python environment, made on first use.
// npm run train -- -m MODULE [options] runs a Python module there instead, for example `-m pytest`; FILE.py runs that file.
// MOODIFIER_PYTHON names an interpreter to use instead (with the packages of training/requirements.txt already there).
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const training = join(dirname(fileURLToPath(import.meta.url)), "..", "training");
const requirements = join(training, "requirements.txt");
const venv = join(training, ".venv");

/** Run a command in the foreground; leave with its exit code when it fails. */
function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: "inherit" });
  if (error) {
    console.error(`${command}: ${error.message}`);
    process.exit(1);
  }
  if (status !== 0) process.exit(status ?? 1);
}

/** The environment's interpreter; (re)installs when the pinned requirements have changed since the last install. */
function interpreter() {
  if (process.env.MOODIFIER_PYTHON) return process.env.MOODIFIER_PYTHON;
  const python = process.platform === "win32" ? join(venv, "Scripts", "python.exe") : join(venv, "bin", "python");
  const stamp = join(venv, "installed.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (!existsSync(python)) run("python3", ["-m", "venv", venv]);
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== wanted) {
    run(python, ["-m", "pip", "install", "--quiet", "-r", requirements]);
    writeFileSync(stamp, wanted);
  }
  return python;
}

const args = process.argv.slice(2);
run(interpreter(), args[0] === "-m" || args[0]?.endsWith(".py") ? args : [join(training, "train.py"), ...args]);
