import { describe, expect, it } from "vitest";
import { CsvManifest } from "./csv-manifest.ts";
import { JsonlManifest } from "./jsonl-manifest.ts";
import { type ManifestRow, type ManifestRows, maxRowLength } from "./manifest-row.ts";

/** The text in pieces of a few bytes, so that every boundary is cut somewhere. */
async function* piecesOf(text: string, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function readRows(manifest: ManifestRows): Promise<ManifestRow[]> {
  const rows: ManifestRow[] = [];
  for await (const row of manifest) rows.push(row);
  return rows;
}

const csv = (text: string, options = {}) => new CsvManifest(piecesOf(text), options);
const jsonl = (text: string) => new JsonlManifest(piecesOf(text));

describe("a CSV manifest", () => {
  it("has columns, rows, lines, quotes, line ends of any kind and any script", async () => {
    const manifest = csv('\uFEFFsku,title\r\nA1,"Vase, ""blue""\nlarge"\r\n\r\nB2,花瓶\r\n');
    expect(await readRows(manifest)).toEqual([
      { index: 0, line: 3, fields: { sku: "A1", title: 'Vase, "blue"\nlarge' } },
      { index: 1, line: 5, fields: { sku: "B2", title: "花瓶" } },
    ]);
    expect(manifest.columns).toEqual(["sku", "title"]);
  });

  it.each([";", "\t", "|", ","])("guesses the delimiter %j", async (delimiter) => {
    const text = [["sku", "image, or url"].map((cell) => `"${cell}"`), ["A", "b"]];
    const rows = await readRows(csv(text.map((cells) => cells.join(delimiter)).join("\n")));
    expect(rows[0]?.fields).toEqual({ sku: "A", "image, or url": "b" });
  });

  it("goes on after a row with too few or too many cells", async () => {
    const rows = await readRows(csv("a,b\n1\n1,2,3\n4,5\n"));
    expect(rows.map(({ fault, fields }) => fault?.message ?? fields)).toEqual([
      "line 2: expected 2 cells, got 1.",
      "line 3: expected 2 cells, got 3.",
      { a: "4", b: "5" },
    ]);
  });

  it.each([
    ['a,b\n1,"2\n3,4\n', "MANIFEST_MALFORMED"],
    ['a,b\n1,x"2"\n', "MANIFEST_MALFORMED"],
    [`a\n${"x".repeat(2 * maxRowLength)}\n`, "MANIFEST_MALFORMED"],
    ["a,b,a\n1,2,3\n", "COLUMN_REPEATED"],
    ["", "MANIFEST_EMPTY"],
    ["\n\n", "MANIFEST_EMPTY"],
  ])("refuses %j", async (text, reason) => {
    await expect(readRows(csv(text))).rejects.toMatchObject({ code: "INVALID_ARGUMENT", reason });
  });

  it("passes a fault of its source on", async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("a\n1\n");
      throw new Error("gone");
    }
    await expect(readRows(new CsvManifest(broken()))).rejects.toThrow("gone");
  });
});

describe("a JSON lines manifest", () => {
  it("has the columns of all its rows, and text for every cell", async () => {
    const manifest = jsonl('{"sku":"A1","position":2}\n\n{"image":"é.png","flag":true,"none":null}');
    expect(await readRows(manifest)).toEqual([
      { index: 0, line: 1, fields: { sku: "A1", position: "2" } },
      { index: 1, line: 3, fields: { image: "é.png", flag: "true" } },
    ]);
    expect(manifest.columns).toEqual(["sku", "position", "image", "flag"]);
  });

  it.each(["{", "[1]", '"text"', "null", '{"a":{"b":1}}', '{"a":[1]}', `{"a":"${"x".repeat(maxRowLength)}"}`])(
    "goes on after the line %j",
    async (line) => {
      const rows = await readRows(jsonl(`${line}\n{"a":1}\n`));
      expect(rows[0]?.fault).toMatchObject({ reason: "ROW_MALFORMED" });
      expect(rows[1]).toEqual({ index: 1, line: 2, fields: { a: "1" } });
    },
  );

  it("refuses nothing at all", async () => {
    await expect(readRows(jsonl("\n"))).rejects.toMatchObject({ reason: "MANIFEST_EMPTY" });
  });
});
