import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { ByteTokenizer } from "./byte-bpe.ts";

const ROOT = new URL("../../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

interface Golden {
  readonly vocab: string;
  readonly merges: string;
  readonly cases: readonly { readonly text: string; readonly ids: number[] }[];
}
const golden = JSON.parse(read("tests/golden/byte-bpe.json")) as Golden;
const entry = { bosToken: 0, sepToken: 1, eosToken: 2, padToken: 3, maxLength: 512 };
const tokenizer = new ByteTokenizer({ vocab: read(golden.vocab), merges: read(golden.merges) }, entry);

test("equals the reference both ways on every text of the golden file", () => {
  const differing = golden.cases.filter(
    ({ text, ids }) => tokenizer.encode(text).join() !== ids.join() || tokenizer.decode(ids) !== text,
  );
  expect(differing.map(({ text }) => JSON.stringify(text))).toEqual([]);
  expect(golden.cases.length).toBeGreaterThan(100);
});

test("gives every digit a token and special names none", () => {
  expect(tokenizer.encode("0.81").map((id) => tokenizer.tokenText(id))).toEqual(["0", ".", "8", "1"]);
  expect(tokenizer.encode("<|eos|>")).not.toContain(tokenizer.eosToken);
  expect(tokenizer.tokenText(tokenizer.eosToken)).toBe("<|eos|>");
});

test("decoding skips special tokens and marks broken characters", () => {
  const ids = tokenizer.encode("é");
  expect(tokenizer.decode([0, ...ids, 2])).toBe("é");
  expect(tokenizer.decode(ids.slice(0, 1))).toMatch(/^(é|\ufffd)$/);
  expect(() => tokenizer.decode([tokenizer.size])).toThrow(RangeError);
});

test("every text comes back from its tokens", () => {
  for (const text of ["", " ", "  a  b\n\n c", '{"a":[0.12,0.99]}', "joie 😀 喜び \u0000\u007f", "I'll 've 'S"]) {
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
});

test("refuses special tokens outside the vocabulary", () => {
  const files = { vocab: '{"a":0}', merges: "" };
  expect(() => new ByteTokenizer(files, entry)).toThrow(/special token 1 lies outside the vocabulary of 1/);
});
