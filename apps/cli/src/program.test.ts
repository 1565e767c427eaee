import { mkdtemp, readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "./program.ts";

let dir: string;
let printed: string;
let complained: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "moodifier-"));
  [printed, complained] = ["", ""];
  for (const name of ["SERVER", "DATA_DIR", "PEXELS_KEY"]) vi.stubEnv(`MOODIFIER_${name}`, undefined);
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((complained += String(text)), true));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  await rm(dir, { recursive: true, force: true });
});

describe("moodifier", () => {
  it("answers a wrong call with the fault and where to read on, not with a page of help", async () => {
    expect(await run(["edit", "face.png"])).toBe(2);
    expect(complained.trim().split("\n")).toEqual([
      "moodifier: required option '-e, --emotion <name>' not specified",
      "Add --help to see what is expected.",
    ]);
  });

  it("lists the emotions without any service", async () => {
    expect(await run(["emotions"])).toBe(0);
    expect(printed.trim().split("\n")).toHaveLength(28);
  });

  it.each([
    [["jobs", "list"], "--server: expected an http or https URL, or MOODIFIER_SERVER set to one, got nothing"],
    [["batch", "status"], "--server: expected"],
    [["batch", "cancel", "b1", "--server", "ftp://x"], 'got "ftp://x"'],
    [["batch", "run", "m.csv", "--results", "r.txt"], "--results: expected a name that ends in .csv or .jsonl"],
    [["serve", "--port", "http"], '--port: expected a whole number 0..65535, got "http"'],
    [["models", "list", "/nowhere"], "FOLDER: expected a folder of families"],
    [["models", "info", "/nowhere"], "FOLDER: expected the folder of a family"],
  ])("refuses %j with what was expected", async (args, message) => {
    expect(await run(args)).toBe(2);
    expect(complained).toContain(message);
  });
});

describe("moodifier with a server that is something else", () => {
  it("says so", async () => {
    const server = createServer((_request, response) => response.end("<!DOCTYPE html><title>Shop</title>"));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await run(["jobs", "list", "--server", url])).toBe(3);
    expect(complained).toContain(`${url} is no gateway: expected JSON, got "<!DOCTYPE html>`);
    server.closeAllConnections();
    server.close();
  });
});

describe("moodifier archive", () => {
  const collect = (provider: string, ...args: string[]) =>
    run(["archive", "collect", "--provider", provider, "-o", join(dir, "a"), "-q", ...args]);

  it.each([
    [["world", "--count", "many"], '--count: expected a number, got "many"'],
    [["pexels", "--contact", "me@example.org"], "MOODIFIER_PEXELS_KEY: expected the API key of pexels, got nothing"],
    [["openverse", "--contact", "me@example.org", "--emotions", "joi"], "--emotions: emotion must be one of"],
    [["openverse", "--contact", "me@example.org", "--per-phrase", "0"], "--per-phrase: expected a whole number"],
    [["world", "--unit-size", "0"], "--unit-size: expected a whole number"],
  ])("refuses %j with what was expected", async (args, message) => {
    const [provider, ...rest] = args as [string, ...string[]];
    expect(await collect(provider, ...rest)).toBe(2);
    expect(complained).toContain(message);
  });

  it("tells what to begin with, and of wrong options before any work", async () => {
    expect(await run(["archive", "stats", "-o", join(dir, "a")])).toBe(2);
    expect(complained).toContain('begin with "archive collect"');
    expect(await run(["archive", "build", "--provider", "pexels", "-o", join(dir, "b")])).toBe(2);
    expect(complained).toContain("--contact: expected");
    expect(await readdir(join(dir, "b"))).toEqual(["archive.json"]);
  });

  it("goes on with the unit size that an archive was begun with", async () => {
    const draw = ["--categories", "face", "--count", "2", "--size", "32"];
    expect(await collect("world", ...draw, "--unit-size", "1")).toBe(0);
    expect(await collect("world", ...draw)).toBe(0);
    expect(await collect("world", ...draw, "--unit-size", "2")).toBe(2);
    expect(complained).toContain("--unit-size: this archive was begun with 1, got 2");
  });
});
