import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL("./", import.meta.url));
const bin = join(here, ".venv", "bin");

/** What each answer is held to: no fault of the server, and nothing that the document does not say. */
const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "unsupported_method",
  "allow_header_conformance",
];

/** An environment of its own with the pinned tool, made on first use and when the pin changes. */
export function prepareSchemathesis(): void {
  const requirements = join(here, "requirements.txt");
  const stamp = join(here, ".venv", "installed.txt");
  const wanted = readFileSync(requirements, "utf8");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  execFileSync("python3", ["-m", "venv", join(here, ".venv")]);
  execFileSync(join(bin, "python"), ["-m", "pip", "install", "--quiet", "-r", requirements], { stdio: "inherit" });
  writeFileSync(stamp, wanted);
}

/** Sends what the tool makes from the document at `url`; what it found wrong, or nothing. */
export async function runSchemathesis(url: string, { cases, seed }: { cases: number; seed: number }): Promise<string> {
  // Streams stay open as long as their edits and batches, which the tool would wait for.
  const streams = ["watchEdit", "watchBatch"].flatMap((name) => ["--exclude-operation-id", name]);
  const phases = [
    "--phases",
    "examples,coverage,fuzzing",
    "--max-examples",
    String(cases),
    "--seed",
    String(seed),
    "--warnings",
    "off",
  ];
  const args = [
    "run",
    url,
    "--checks",
    checks.join(","),
    ...streams,
    ...phases,
    "--continue-on-failure",
    "--no-shrink",
  ];
  const child = spawn(join(bin, "schemathesis"), args, { cwd: here, stdio: ["ignore", "pipe", "inherit"] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return code === 0 ? "" : output;
}
