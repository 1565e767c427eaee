// Checks every committed model folder: each file of its manifest exists with the stated size and sha256, and nothing else lies there.
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const extra = new Set(["manifest.json", "MODEL_CARD.md"]);
const limitBytes = 90 * 2 ** 20;
const faults = [];

function verify(folder) {
  const manifest = JSON.parse(readFileSync(path.join(folder, "manifest.json"), "utf8"));
  let total = 0;
  for (const [name, expected] of Object.entries(manifest.files)) {
    const file = path.join(folder, name);
    if (!existsSync(file)) {
      faults.push(`${file}: missing`);
      continue;
    }
    const bytes = readFileSync(file);
    total += bytes.length;
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    if (sha256 !== expected.sha256) faults.push(`${file}: expected sha256 ${expected.sha256}, got ${sha256}`);
    if (bytes.length !== expected.bytes) faults.push(`${file}: expected ${expected.bytes} bytes, got ${bytes.length}`);
  }
  const listed = new Set(Object.keys(manifest.files));
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const name = path.relative(folder, path.join(entry.parentPath, entry.name));
    if (entry.isFile() && !listed.has(name) && !extra.has(name)) faults.push(`${folder}/${name}: not in the manifest`);
  }
  if (total > limitBytes) faults.push(`${folder}: expected at most ${limitBytes} bytes, got ${total}`);
  console.log(`${path.relative(root, folder)}: ${listed.size} files, ${(total / 2 ** 20).toFixed(1)} MiB`);
}

const folders = readdirSync(path.join(root, "models"))
  .map((name) => path.join(root, "models", name))
  .concat(path.join(root, "tests/golden/tiny"))
  .filter((folder) => existsSync(path.join(folder, "manifest.json")));
for (const folder of folders) verify(folder);
if (folders.length === 0) faults.push("models: no manifest.json found");
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
