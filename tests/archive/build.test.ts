import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { anywhere, killAndResumeBuild, spread } from "../../packages/archive/tests/kill-and-resume.ts";
import { findChromium } from "../../packages/world/src/stage/browser.ts";
import { preparePython, readDataset } from "./python-reader.ts";

// The size that the pipeline is to be proven at. Fewer pictures prove the same for less: 5,000 are hours of two cores.
const pictures = Number(process.env["MOODIFIER_ARCHIVE_PICTURES"] ?? 5000);
const KILLS = 10;
const cli = fileURLToPath(new URL("../../apps/cli/dist/main.js", import.meta.url));

beforeAll(preparePython);

it(
  `builds ${pictures} pictures with the real planner and encoder, and ${KILLS} kills change no byte`,
  { timeout: 24 * 3_600_000 },
  async () => {
    // Faces need no browser; everything else is drawn where one is.
    const categories = findChromium() === undefined ? "face" : "all";
    const cut = ["--count", String(pictures), "--unit-size", String(Math.max(4, Math.ceil(pictures / 10)))];
    const build = (dir: string) => [
      cli,
      "archive",
      "build",
      "--provider",
      "world",
      "--categories",
      categories,
      ...cut,
      "--shard-samples",
      "50",
      "--quiet",
      "--out",
      dir,
    ];
    const moment = pictures < 1000 ? anywhere(Math.random) : spread(KILLS, Math.random);
    await killAndResumeBuild(build, KILLS, moment, async ({ undisturbed, resumed, kills }, dir) => {
      expect(kills).toBe(KILLS);
      expect(resumed).toEqual(undisturbed);
      const found = readDataset(join(dir, "dataset"));
      console.log(
        JSON.stringify({ pictures, categories, ...found }),
        readFileSync(join(dir, "dataset", "README.md"), "utf8"),
      );
      expect(found).toMatchObject({ rows: found.samples, leaking_groups: 0, sizes: [[256, 256]], faults: [] });
      // A fifth goes at the cut, some as near duplicates.
      expect(found.samples).toBeGreaterThan(pictures * 0.5);
      expect(found.samples).toBeLessThan(pictures);
    });
  },
);
