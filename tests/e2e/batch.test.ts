import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { moodifier as runMoodifier, startServer } from "./command-line.ts";
import { drawFace, readPixels } from "./fixtures.ts";

let folder: string;
let server: Awaited<ReturnType<typeof startServer>>;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodifier-batch-"));
  server = await startServer();
  ({ url } = server);
}, 240_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true });
}, 60_000);

const moodifier = (...args: string[]) => runMoodifier(args, folder);

describe("moodifier batch", () => {
  it("edits the pictures beside a manifest, saves files and results, and ends with 4 when a row failed", async () => {
    await writeFile(join(folder, "face.png"), await drawFace());
    await writeFile(join(folder, "small.png"), await drawFace(160, 160));
    await writeFile(
      join(folder, "shop.csv"),
      [
        "sku;position;image;emotion;steps",
        "A1;1;face.png;joy;2",
        "A1;2;small.png;sadness;2",
        "B2;1;face.png;fury;2",
        "B2;2;face.png;fear;2",
      ].join("\n"),
    );
    const run = await moodifier(
      ...`batch run shop.csv --server ${url} --name sku_position --default seed=5`.split(" "),
      ...`--rendition format=jpeg,width=128 --out made --results results.csv`.split(" "),
    );
    expect(run.error).toContain("line 4 can't run");
    expect(run.error).toContain("2/2 pictures sent");
    expect(run.error).not.toContain("COLUMNS_IGNORED");
    expect(run.error).toContain("4/4 rows, 1 failed");
    expect(run.out).toContain("partially_succeeded");
    expect(run.code).toBe(4);
    expect((await readdir(join(folder, "made"))).toSorted()).toEqual(["A1_1.jpg", "A1_2.jpg", "B2_2.jpg"]);
    expect((await readPixels(await readFile(join(folder, "made/A1_1.jpg")))).width).toBe(128);

    const [header, ...rows] = (await readFile(join(folder, "results.csv"), "utf8")).trim().split("\n");
    const columns = header!.split(",");
    expect(columns.slice(0, 5)).toEqual(["sku", "position", "image", "emotion", "steps"]);
    const cells = rows.map((row) => Object.fromEntries(row.split(",").map((cell, at) => [columns[at], cell])));
    expect(cells.map(({ image, status }) => [image, status])).toEqual([
      ["face.png", "succeeded"],
      ["small.png", "succeeded"],
      ["face.png", "failed"],
      ["face.png", "succeeded"],
    ]);
    const saved = await readFile(join(folder, "made/B2_2.jpg"));
    expect(cells[3]!["sha256"]).toBe(createHash("sha256").update(saved).digest("hex"));
    expect(cells[2]!["error"]).toBe("EMOTION_UNKNOWN");

    const id = /^batch +(\S+)/.exec(run.out)?.[1] ?? "";
    const status = await moodifier("batch", "status", id, "--failed", "--server", url);
    expect(status).toMatchObject({ code: 0 });
    expect(status.out).toContain("line 4");
    const listed = await moodifier("batch", "status", "--json", "--server", url);
    expect(JSON.parse(listed.out)).toMatchObject([{ id, status: "partially_succeeded" }]);
    const cancelled = await moodifier("batch", "cancel", id, "--json", "--server", url);
    expect(JSON.parse(cancelled.out)).toMatchObject({ status: "partially_succeeded" });

    const jobs = await moodifier("jobs", "list", "--batch", id, "--json", "--server", url);
    const edits = JSON.parse(jobs.out) as { id: string; status: string }[];
    expect(edits.map((edit) => edit.status)).toEqual(["succeeded", "succeeded", "succeeded"]);
    const job = await moodifier("jobs", "show", edits[0]!.id, "--server", url);
    expect(job.out).toMatch(/^status +succeeded$/m);
    expect((await moodifier("jobs", "cancel", edits[0]!.id, "--server", url)).code).toBe(0);
  }, 240_000);

  it("tries one row and estimates the others", async () => {
    const lines = Array.from({ length: 20 }, (_, row) =>
      JSON.stringify({ id: `p${row}`, image: "face.png", mood: "?" }),
    );
    await writeFile(join(folder, "many.jsonl"), lines.join("\n"));
    const run = await moodifier(
      ...`batch run many.jsonl --server ${url} --dry-run --default emotion=joy`.split(" "),
      ...`--default steps=2 --json -q`.split(" "),
    );
    expect(run.code).toBe(0);
    expect(run.error).toContain('got "mood", which no field is read from (COLUMNS_IGNORED)');
    expect(JSON.parse(run.out)).toMatchObject({
      status: "succeeded",
      total: 1,
      survey: { rows: 20, faulty: 0 },
      estimate: { rows: 20, megapixel_steps: expect.any(Number), seconds: expect.any(Number) },
    });
  }, 240_000);

  it.each([
    [["batch", "run"], 2, "either a manifest or --source"],
    [["batch", "run", "none.csv"], 2, "MANIFEST: expected a readable file"],
    [["batch", "run", "shop.csv", "--detach"], 2, "expected --server too"],
    [["batch", "run", "shop.csv", "--results", "x.txt"], 2, "ends in .csv or .jsonl"],
    [["batch", "status", "none"], 2, "No batch has the id"],
    [["jobs", "show", "none"], 2, "No edit has the id"],
  ])("%j ends with %i", async (args, code, message) => {
    const done = await moodifier(...args, ...(args.includes("--detach") ? [] : ["--server", url]));
    expect(done.error).toContain(message);
    expect(done.code).toBe(code);
  });

  it("completes commands for shells", async () => {
    const script = await moodifier("complete", "bash");
    expect(script.code).toBe(0);
    expect(script.out).toContain("moodifier");
    const offered = await moodifier("complete", "--", "batch", "");
    expect(offered.out).toMatch(/^run\b/m);
    expect(offered.out).toMatch(/^retry\b/m);
  });
});
