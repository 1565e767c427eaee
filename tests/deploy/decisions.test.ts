import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";

const folder = path.resolve(import.meta.dirname, "../../docs/decisions");
const read = (file: string) => readFileSync(path.join(folder, file), "utf8");

it("docs/decisions/README.md lists every record by its number and title", () => {
  const records = readdirSync(folder).filter((file) => /^\d{3}-/.test(file));
  const rows = records.toSorted().map((file) => {
    const [, number, title] =
      /^# (\d{3}) (.+)\n/.exec(read(file)) ?? expect.fail(`${file}: expected "# NNN Title" first`);
    expect(file.startsWith(`${number}-`), file).toBe(true);
    return `| [${number}](${file}) | ${title} |`;
  });
  expect([...read("README.md").matchAll(/^\| \[.*$/gm)].map(([row]) => row)).toEqual(rows);
});
