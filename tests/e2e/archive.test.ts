import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelDir } from "./stack.ts";

/** The built command line: `npm run build` makes it. */
const main = fileURLToPath(new URL("../../apps/cli/dist/main.js", import.meta.url));
const run = promisify(execFile);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "archive-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const archive = (...args: string[]) => run(process.execPath, [main, "archive", ...args, "-o", join(dir, "a")]);

describe("moodifier archive", () => {
  it("builds a data set through the real planner and encoder", { timeout: 300_000 }, async () => {
    const args = [
      "build",
      "--provider",
      "world",
      "--count",
      "6",
      "--unit-size",
      "3",
      "--size",
      "128",
      "--categories",
      "face",
    ];
    const { stdout } = await archive(...args, "--model-dir", modelDir, "--no-nsfw", "--json", "--quiet");
    const reports = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    const stages = ["expand", "collect", "filter", "dedupe", "annotate", "score", "select", "publish", "stats"];
    expect(reports.map(({ stage }) => stage)).toEqual(stages);
    const published = reports.find(({ stage }) => stage === "publish");
    for (const report of reports) {
      const refused = Object.values<number>(report.refused).reduce((sum, count) => sum + count, 0);
      expect(report.in, report.stage).toBe(report.out + refused);
    }
    const dataset = JSON.parse(await readFile(join(dir, "a", "dataset", "dataset.json"), "utf8"));
    const licensed = Object.values<{ records: number }>(dataset.licences).reduce(
      (sum, { records }) => sum + records,
      0,
    );
    expect(dataset.records).toBe(published.out);
    expect(licensed).toBe(published.out);
    expect(await readdir(join(dir, "a", "stats"))).toContain("emotions.svg");
  });

  it("says what is wrong with an option and what to run first", { timeout: 180_000 }, async () => {
    const refused = (...args: string[]) =>
      archive(...args).then(
        () => expect.unreachable(),
        (error) => error,
      );
    expect(await refused("filter", "--no-nsfw", "--shard", "4/4")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("0 <= i < n"),
    });
    const unsplash = await refused("collect", "--provider", "unsplash", "--contact", "me@example.org");
    expect(unsplash).toMatchObject({ code: 2, stderr: expect.stringMatching(/MOODIFIER_UNSPLASH_KEY|unit size/) });
  });
});
