import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { ClipTokenizer } from "./clip-bpe.ts";

const ROOT = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

interface Golden {
  readonly vocab: string;
  readonly merges: string;
  readonly startToken: number;
  readonly endToken: number;
  readonly maxLength: number;
  readonly cases: readonly { readonly text: string; readonly ids: number[]; readonly truncated?: number[] }[];
}
const golden = JSON.parse(read("tests/golden/clip-tokenizer.json")) as Golden;

function open(maxLength: number): ClipTokenizer {
  const { startToken, endToken } = golden;
  const files = { vocab: read(golden.vocab), merges: read(golden.merges) };
  return new ClipTokenizer(files, { startToken, endToken, padToken: endToken, maxLength });
}
const tokenizer = open(golden.maxLength);
const unlimited = open(1e6);

describe("equal to transformers' CLIPTokenizer", () => {
  test("on every odd string of the golden file", () => {
    const differing = golden.cases.filter(({ text, ids }) => unlimited.encode(text).ids.join() !== ids.join());
    expect(differing.map(({ text }) => JSON.stringify(text))).toEqual([]);
    expect(golden.cases.length).toBeGreaterThanOrEqual(1000);
  });

  test("when cut to the longest length", () => {
    const long = golden.cases.filter(({ truncated }) => truncated);
    expect(long.length).toBeGreaterThan(0);
    for (const { text, truncated } of long) {
      expect(tokenizer.encode(text, { truncate: true }).ids).toEqual(truncated);
    }
  });
});

const words = (text: string) => unlimited.encode(text).pieces.slice(1, -1).join(" ");

describe("encode", () => {
  test("gives the pieces of the ids", () => {
    const { ids, pieces } = tokenizer.encode("A Mood");
    expect(pieces).toEqual(["<|startoftext|>", "a</w>", "mood</w>", "<|endoftext|>"]);
    expect(ids).toHaveLength(4);
  });

  test("takes special tokens in their own spelling only", () => {
    expect(words("a<|endoftext|>b")).toBe("a</w> <|endoftext|> b</w>");
    expect(words("<|ENDOFTEXT|>")).not.toContain("<|endoftext|>");
  });

  test("lower-cases by character: a final sigma is an ordinary one", () => {
    expect(words("ΟΔΟΣ")).toBe(words("οδοσ"));
    expect(words("ΟΔΟΣ")).not.toBe(words("οδος"));
  });

  test("letters that the reference does not know yet count as signs, whatever this Node's Unicode version", () => {
    expect(words("a\u{323b0}b")).toBe(`a</w> ${words("\u{323b0}")} b</w>`);
  });

  test("refuses a text that is too long unless it may be cut", () => {
    const text = "joy ".repeat(golden.maxLength);
    expect(() => tokenizer.encode(text)).toThrow(/may have 248 tokens with start and end, this one has 250/);
    expect(tokenizer.encode("joy ".repeat(246)).ids).toHaveLength(248);
    expect(tokenizer.encode(text, { truncate: true }).ids.at(-1)).toBe(golden.endToken);
  });

  test("stays fast on a text without any break", () => {
    const text = Array.from({ length: 20_000 }, (_, i) => String.fromCodePoint(97 + ((i * i) % 26))).join("");
    const start = performance.now();
    unlimited.encode(text);
    expect(performance.now() - start).toBeLessThan(1000);
  });
});

test("pad fills with the pad token and never cuts", () => {
  expect(tokenizer.pad([golden.startToken, golden.endToken], 4)).toEqual([
    golden.startToken,
    golden.endToken,
    golden.endToken,
    golden.endToken,
  ]);
  expect(() => tokenizer.pad([1, 2, 3], 2)).toThrow(/cannot pad 3 tokens to 2/);
});

test("refuses files that do not fit", () => {
  const entry = { startToken: 0, endToken: 1, padToken: 1, maxLength: 8 };
  const vocab = '{"<|startoftext|>":0,"<|endoftext|>":1}';
  expect(() => new ClipTokenizer({ vocab, merges: "" }, { ...entry, endToken: 5 })).toThrow(
    /gives <\|endoftext\|> the id 1, the manifest 5/,
  );
  expect(() => new ClipTokenizer({ vocab, merges: "x y" }, entry)).toThrow(/no pair of the vocabulary/);
  expect(() => new ClipTokenizer({ vocab: '{"a":0,"b":0}', merges: "" }, entry)).toThrow(/ids 0\.\.n-1/);
  expect(() => new ClipTokenizer({ vocab: "[", merges: "" }, entry)).toThrow(/not valid JSON/);
});
