import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main, moodifier as runMoodifier, startServer } from "./command-line.ts";
import { drawFace, drawMask, readPixels } from "./fixtures.ts";
import { modelDir } from "./stack.ts";

let folder: string;
let input: string;
let server: Awaited<ReturnType<typeof startServer>>;
let url: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "moodifier-"));
  input = join(folder, "in.png");
  await writeFile(input, await drawFace());
  server = await startServer();
  ({ url } = server);
}, 240_000);

afterAll(async () => {
  expect(await server.stop()).toBe(0);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
  await rm(folder, { recursive: true });
}, 60_000);

const moodifier = (...args: string[]) => runMoodifier(args);

describe("moodifier edit", () => {
  it("starts the services itself, shows each stage, writes picture and report", async () => {
    const out = join(folder, "made/joy.png");
    const report = join(folder, "joy.json");
    const args = [
      "edit",
      input,
      "--emotion",
      "joy",
      "--steps",
      "3",
      "--seed",
      "5",
      "--out",
      out,
      "--report",
      report,
      "--model-dir",
      modelDir,
      "--scores",
    ];
    const done = await moodifier(...args);
    expect(done.error).toMatch(/planning\n(.*\n)*encoding\n(.*\n)*editing\n(.*\n)*finishing\n(.*\n)*succeeded\n/);
    expect(done).toMatchObject({ code: 0, out: `${out}\n` });
    expect((await readPixels(await readFile(out))).width).toBe(256);
    const { edit, ...rest } = JSON.parse(await readFile(report, "utf8")) as { edit: Record<string, unknown> };
    expect(rest).toMatchObject({ input, output: out });
    expect(edit).toMatchObject({
      status: "succeeded",
      plan: { emotion: "joy" },
      outside_mask: { max_abs_diff: 0 },
      recipe: { seed: "5", steps: 3 },
    });
    expect(edit["timings"]).toHaveProperty("editor.denoise_ms");
    expect(edit["scores"]).toEqual({ emotion_before: expect.any(Number), emotion_after: expect.any(Number) });
    expect(done.error).toMatch(/; joy 0\.\d\d -> 0\.\d\d\n/);

    const again = join(folder, "again.png");
    const elsewhere = ["edit", input, "-e", "joy", "--steps", "3", "--seed", "5", "-q", "-o", again, "--server", url];
    expect(await moodifier(...elsewhere)).toMatchObject({ code: 0 });
    expect((await readFile(again)).equals(await readFile(out)), "same recipe, other process, same bytes").toBe(true);
  }, 120_000);

  it("edits under a mask on a running server and keeps quiet when told", async () => {
    const out = join(folder, "fear.jpg");
    const mask = join(folder, "mask.png");
    await writeFile(mask, await drawMask(256, 256, [0.2, 0.5, 0.8, 0.9]));
    const args = ["edit", input, "-e", "fear", "--mask", mask, "--steps", "2", "-q", "-o", out, "--server", url];
    const done = await moodifier(...args, "--max-bytes", "6000");
    expect(done).toMatchObject({ code: 0, out: `${out}\n` });
    const written = await readFile(out);
    expect(written.subarray(0, 3).toString("hex")).toBe("ffd8ff");
    expect(written.length).toBeLessThanOrEqual(6000);
    expect(done.error).not.toContain("planning");
  });

  it("prints argument, expectation and what came, and writes nothing", async () => {
    const out = join(folder, "never.png");
    const done = await moodifier("edit", input, "-e", "joyy", "-o", out, "--server", url);
    expect(done.code).toBe(2);
    expect(done.error).toMatch(/argument {2}--emotion\n/);
    expect(done.error).toMatch(/got {7}"joyy"\n/);
    expect(done.error).toMatch(/near {6}joy/);
    const range = await moodifier("edit", input, "-e", "joy", "-i", "3", "-o", out, "--server", url);
    expect(range.code).toBe(2);
    expect(range.error).toContain("--intensity");
    const exact = await moodifier("edit", input, "-e", "joy", "-o", out, "--quality", "80", "--server", url);
    expect(exact.code).toBe(2);
    expect(exact.error).toMatch(/argument {2}--quality\n/);
    expect(existsSync(out)).toBe(false);
  });

  it.each([
    [["edit", "-e", "joy", "-o", "x.png"], 2, "missing required argument 'in'"],
    [["edit", "x.png", "-e", "joy", "-o", "x.gif"], 2, "ends in .png or .jpg or .jpeg or .webp or .avif"],
    [["edit", "x.png", "-e", "joy", "-o", "x.png", "--format", "jpeg"], 2, "ends in .jpg or .jpeg"],
    [["edit", "x.png", "-e", "joy", "-o", "x.gif", "--format", "gif"], 2, "--format: expected png"],
    [["edit", "none.png", "-e", "joy", "-o", "x.png"], 2, "IN: expected a readable file"],
    [["paint"], 2, "unknown command"],
    [["emotions", "--server", "nowhere"], 2, "--server: expected an http or https URL"],
    [["emotions", "--server", "http://127.0.0.1:9"], 3, "can't be reached"],
    [["serve", "--model-dir", "no/such/folder"], 3, "manifest.json is missing"],
    [["--version"], 0, ""],
  ])("%j ends with %i", async (args, code, message) => {
    const done = await moodifier(...args);
    expect(done.code).toBe(code);
    expect(done.error).toContain(message);
  });

  it("cancels the edit on the server when it is interrupted", async () => {
    const args = [main, "edit", input, "-e", "anger", "--steps", "50", "-o", join(folder, "x.png"), "--server", url];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
    let error = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      error += text;
      if (text.includes("editing")) child.kill("SIGINT");
    });
    const [code] = (await once(child, "close")) as [number];
    expect(error).toContain("interrupted");
    expect(code).toBe(130);
  });
});

describe("moodifier plan", () => {
  it("prints the plan and writes the overlay", async () => {
    const overlay = join(folder, "overlay.png");
    const done = await moodifier("plan", input, "-e", "sadness", "--overlay", overlay, "--server", url);
    expect(done.code).toBe(0);
    expect(done.out).toMatch(/^emotion {4}sadness at 0.8\n/);
    expect((await readPixels(await readFile(overlay))).width).toBe(256);
    const json = await moodifier("plan", input, "-e", "sadness", "--json", "--server", url);
    expect(JSON.parse(json.out)).toMatchObject({ emotion: "sadness", category: "face" });
  });
});

describe("moodifier emotions", () => {
  it("lists 27 emotions and neutral", async () => {
    const done = await moodifier("emotions", "--server", url);
    expect(done.code).toBe(0);
    expect(done.out.trim().split("\n")).toHaveLength(28);
    expect(done.out).toContain("joy");
  });
});
