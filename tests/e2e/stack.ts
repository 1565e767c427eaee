import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { configSchema, type RunningStack, start } from "@moodifier/embedded";

const folder = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/** The model family under test: MOODIFIER_MODEL_DIR, else models/mini when it is there, else the random weights of tests/golden/tiny. */
export const modelDir =
  process.env["MOODIFIER_MODEL_DIR"] ??
  (existsSync(folder("models/mini/manifest.json")) ? folder("models/mini") : folder("tests/golden/tiny"));

/** Starts the four services in this process. */
export function startStack(overrides: Record<string, unknown> = {}): Promise<RunningStack> {
  return start(configSchema.parse({ modelDir, logLevel: "silent", drainMs: 1000, ...overrides }));
}
