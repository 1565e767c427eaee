import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { chart } from "./promql.ts";

const rules = path.join(chart, "rules");

const script = fileURLToPath(new URL("../../scripts/promtool.mjs", import.meta.url));
const promtool = execFileSync(process.execPath, [script], { encoding: "utf8" }).trim().split("\n").at(-1) ?? "";

function runPromtool(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(promtool, args, { cwd: rules, encoding: "utf8" });
  return status === 0 ? "" : `${stdout}${stderr}`;
}

it("promtool accepts every rule file", () => {
  const files = readdirSync(rules).filter((file) => file.endsWith(".yaml"));
  expect(files.length).toBeGreaterThan(1);
  expect(runPromtool("check", "rules", "--lint=all", "--lint-fatal", ...files)).toBe("");
}, 300_000);

it("promtool sees each alert fire and stay silent as its unit tests say", () => {
  expect(runPromtool("test", "rules", "tests/rules.test.yaml")).toBe("");
}, 300_000);
