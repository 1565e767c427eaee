import { describe, expect, it } from "vitest";
import { MoodError } from "@moodifier/service-kit";
import { readBatchOptions } from "./batch-options.ts";
import { CsvManifest } from "./manifest/csv-manifest.ts";
import { ignoredColumns } from "./manifest/map-columns.ts";
import { planRows, type RowPlan } from "./row-plan.ts";

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += 65_536) yield bytes.subarray(at, at + 65_536);
}

async function plan(text: string, options: unknown = {}): Promise<RowPlan[]> {
  const rows: RowPlan[] = [];
  for await (const row of planRows(new CsvManifest(bytesOf(text)), readBatchOptions(options))) rows.push(row);
  return rows;
}

const image = "https://shop.example/a.png";

describe("planRows", () => {
  it("checks a row as a single edit is checked and names its files", async () => {
    const options = {
      columns: { image: "Image URL", sku: "Item" },
      defaults: { intensity: 0.5 },
      output: { name: "{sku}/{emotion}_{seed}.{ext}", renditions: [{ format: "png" }, { format: "jpeg", width: 100 }] },
    };
    const [row] = await plan(`Item,Image URL,emotion,seed,note\nA1,${image},Joy,18446744073709551615,x\n`, options);
    expect(row).toEqual({
      index: 0,
      line: 2,
      externalId: "line-2",
      input: { Item: "A1", "Image URL": image, emotion: "Joy", seed: "18446744073709551615", note: "x" },
      image,
      edit: { emotion: "joy", intensity: "0.5", seed: "18446744073709551615" },
      names: ["A1/joy_18446744073709551615.png", "A1/joy_18446744073709551615.jpg"],
    });
  });

  it("lets a faulty row fail and the others run", async () => {
    const rows = await plan(
      [
        "id,image,emotion,intensity",
        `a,${image},joy,0.5`,
        `b,${image},joyy,0.5`,
        `c,${image},joy,2`,
        `d,,joy,0.5`,
        `e,/etc/passwd,joy,0.5`,
        `a,${image},fear,0.5`,
        `f,${image}`,
        `g,${image},fear,`,
      ].join("\n"),
      { output: { name: "{id}.{ext}" } },
    );
    expect(rows.map(({ problem }) => problem?.reason)).toEqual([
      undefined,
      "EMOTION_UNKNOWN",
      "FIELD_INVALID",
      "FIELD_MISSING",
      "REFERENCE_INVALID",
      "ID_REPEATED",
      "ROW_MALFORMED",
      undefined,
    ]);
  });

  it("refuses the whole on the first fault when told", async () => {
    const text = `image,emotion\n${image},joy\n${image},joyy\n`;
    await expect(plan(text, { invalid_rows: "refuse" })).rejects.toMatchObject({
      reason: "EMOTION_UNKNOWN",
      details: { pointer: "/manifest/3" },
    });
  });

  it.each([
    ["{sku}.{ext}", "A,1\nA,2\nB,3\na,4", "NAME_COLLISION", 2],
    ["{sku}.{ext}", "A,1\nB:C,2\nD?,3", "NAME_FORBIDDEN", 2],
    ["{sku}.{ext}", "../A,1", "NAME_FORBIDDEN", 1],
    ["{sku}_{variant}.{ext}", "A,1", "NAME_VALUE_MISSING", 1],
    ["amazon", "A,1", "NAME_VALUE_MISSING", 1],
  ])("finds what %s makes of %j before anything runs", async (name, cells, reason, count) => {
    const text = `sku,position,image,emotion\n${cells
      .split("\n")
      .map((cell) => `${cell},${image},joy`)
      .join("\n")}`;
    const failure = await plan(text, { output: { name } }).catch((error: unknown) => error);
    expect(failure).toMatchObject({ reason });
    expect((failure as MoodError).details["errors"]).toHaveLength(count);
  });

  it("finds two renditions that would be one file", async () => {
    const renditions = [{ format: "jpeg" }, { format: "jpeg", width: 100 }];
    const text = `image,emotion\n${image},joy\n`;
    await expect(plan(text, { output: { renditions } })).rejects.toMatchObject({ reason: "NAME_COLLISION" });
    const labelled = [{ format: "jpeg" }, { format: "jpeg", width: 100, label: "small" }];
    const [row] = await plan(text, { output: { name: "{row}_{rendition}.{ext}", renditions: labelled } });
    expect(row?.names).toEqual(["1_jpeg.jpg", "1_small.jpg"]);
  });

  it("refuses a mapping to a column that isn't there and knows the columns that nothing reads", async () => {
    const text = `image,emotion,intensty\n${image},joy,0.5\n`;
    await expect(plan(text, { columns: { sku: "SKU" } })).rejects.toMatchObject({ reason: "COLUMN_MISSING" });
    expect(ignoredColumns(["image", "emotion", "intensty"], readBatchOptions({}))).toEqual(["intensty"]);
  });

  it.each([
    [{ outputs: {} }, "options"],
    [{ columns: { picture: "x" } }, "options.columns"],
    [{ output: { renditions: [] } }, "options.output.renditions"],
    [{ output: { renditions: [{ format: "gif" }] } }, "options.output.renditions.0.format"],
    ["text", "options"],
  ])("refuses the options %j", (options, argument) => {
    expect(() => readBatchOptions(options)).toThrow(
      expect.objectContaining({ reason: "OPTION_INVALID", details: expect.objectContaining({ argument }) }),
    );
  });

  it("survives 10,000 rows of which one in a hundred is poison, in seconds", async () => {
    const poisons = [
      (row: number) => `${row},${image},no emotion at all,1`,
      (row: number) => `${row},${image},joy,"1e999"`,
      (row: number) => `${row},javascript:alert(1),joy,1`,
      (row: number) => `${row},upload:${"x".repeat(200)},joy,1`,
      (row: number) => `${row},${image},joy`,
      () => `7,${image},joy,1`,
      (row: number) => `${row},"s3://../../secret",joy,1`,
      (row: number) => `${row},${image},${"joy".repeat(5000)},1`,
    ];
    const lines = Array.from({ length: 10_000 }, (_, row) =>
      row % 100 === 99 ? poisons[((row - 99) / 100) % poisons.length]!(row) : `${row},${image}?${row},joy,0.7`,
    );
    const before = process.cpuUsage();
    const rows = await plan(`id,image,emotion,intensity\n${lines.join("\n")}\n`, { output: { name: "{row}.{ext}" } });
    // The machine may be busy with other things, so the processor's time counts, not the clock's.
    expect(process.cpuUsage(before).user / 1e6).toBeLessThan(10);
    expect(rows).toHaveLength(10_000);
    const failed = rows.filter(({ problem }) => problem);
    expect(failed).toHaveLength(100);
    expect(failed.every(({ index }) => index % 100 === 99)).toBe(true);
    expect(failed.every(({ problem }) => problem!.status === 400)).toBe(true);
    expect(failed.every((row) => JSON.stringify(row.problem).length < 2500)).toBe(true);
  }, 120_000);
});
