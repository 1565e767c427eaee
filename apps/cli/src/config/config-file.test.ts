import { chmodSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { applyConfigTo } from "./apply-config.ts";
import { findConfigFile, readConfig } from "./config-file.ts";

function write(content: unknown, mode = 0o600): string {
  const path = join(mkdtempSync(join(tmpdir(), "moodifier-config-")), "config.json");
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  chmodSync(path, mode);
  return path;
}

describe("readConfig", () => {
  it.each([
    ["{", "expected a readable JSON file"],
    [[], "expected a JSON object"],
    [{ sever: "x" }, 'got "sever"'],
    [{ server: 5 }, "server: expected text, got number"],
    [{ options: { edit: 5 } }, "options: expected"],
    [{ options: { edit: { steps: 5 } } }, "options: expected"],
  ])("refuses %j", (content, message) => {
    expect(() => readConfig(write(content))).toThrow(message);
  });

  it("refuses an API key that others may read", () => {
    expect(() => readConfig(write({ apiKey: "secret" }, 0o644))).toThrow("chmod 600");
    expect(readConfig(write({ apiKey: "secret" }, 0o600))).toEqual({ apiKey: "secret" });
    expect(readConfig(write({ server: "http://x" }, 0o644))).toEqual({ server: "http://x" });
  });

  it("is found where the environment says, then here, then at home", () => {
    const path = write({});
    const home = mkdtempSync(join(tmpdir(), "moodifier-home-"));
    expect(findConfigFile({ MOODIFIER_CONFIG: path }, "/")).toBe(path);
    expect(findConfigFile({ HOME: home }, "/")).toBeUndefined();
  });
});

describe("options that weren't given", () => {
  afterEach(() => vi.unstubAllEnvs());

  async function parse(config: unknown, ...args: string[]): Promise<Record<string, unknown>> {
    vi.stubEnv("MOODIFIER_CONFIG", write(config));
    const program = new Command("moodifier").exitOverride();
    applyConfigTo(program);
    let seen: Record<string, unknown> = {};
    program
      .command("batch")
      .command("run")
      .option("--server <url>")
      .option("--name <pattern>", "", "{row}.{ext}")
      .option("--json")
      .action((options: Record<string, unknown>) => void (seen = options));
    await program.parseAsync(args, { from: "user" });
    return seen;
  }

  it("come from the file, below the environment and the command line", async () => {
    const config = { server: "http://file", options: { "batch run": { name: "amazon", json: true } } };
    expect(await parse(config, "batch", "run")).toEqual({ server: "http://file", name: "amazon", json: true });
    expect(await parse(config, "batch", "run", "--name", "x")).toMatchObject({ name: "x" });
    vi.stubEnv("MOODIFIER_SERVER", "http://environment");
    expect(await parse(config, "batch", "run")).toMatchObject({ server: "http://environment" });
    expect(await parse(config, "batch", "run", "--server", "http://given")).toMatchObject({ server: "http://given" });
  });

  it("must be options of their command", async () => {
    await expect(parse({ options: { "batch run": { nmae: "x" } } }, "batch", "run")).rejects.toThrow('got "nmae"');
  });
});
