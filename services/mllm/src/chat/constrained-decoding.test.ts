import { expect, test } from "vitest";
import { z } from "zod";
import { decodeReply, shortestLength, type FeedTokens } from "./constrained-decoding.ts";
import { compileGrammar } from "./grammar.ts";
import { encodeSegments, segmentReply } from "../../test/reply-segments.ts";
import { narrowSchema } from "./reply-schema.ts";
import { createVocabulary, type TokenVocabulary } from "./token-vocabulary.ts";

const shape = z.object({
  category: z.enum(["face", "facet", "vase"]),
  source: z.string().min(1).max(40),
  regions: z
    .array(z.object({ label: z.enum(["mouth", "eyes"]), box: z.array(fraction()).length(2) }))
    .min(1)
    .max(3),
});
const schema = narrowSchema(z.toJSONSchema(shape));
const pieces = compileGrammar(schema);
const value = {
  category: "facet",
  source: "A smile.",
  regions: [
    { label: "mouth", box: [0.31, 0.5] },
    { label: "eyes", box: [0, 0.99] },
  ],
};

function fraction() {
  return z.number().meta({ minimum: 0, maximum: 0.99, multipleOf: 0.01 });
}

/** A tokenizer that takes the longest known piece, over all printable characters and some longer pieces that cross field borders. */
function longestMatchVocabulary(): TokenVocabulary {
  const long = ['","', '":"', "fac", "face", "mile", "],[", '"},{"', "et", 'e"'];
  const texts = [
    "<bos>",
    "<eos>",
    ...Array.from({ length: 95 }, (_, at) => String.fromCodePoint(32 + at)),
    "\n",
    ...long,
  ];
  const byLength = texts
    .map((text, id) => ({ text, id }))
    .slice(2)
    .sort((a, b) => b.text.length - a.text.length);
  const encode = (text: string): number[] => {
    const ids: number[] = [];
    for (let at = 0; at < text.length;) {
      const hit = byLength.find((entry) => text.startsWith(entry.text, at));
      if (!hit) throw new RangeError(`no token for ${text.slice(at)}`);
      ids.push(hit.id);
      at += hit.text.length;
    }
    return ids;
  };
  const tokenText = (id: number) => texts[id] ?? "";
  return createVocabulary({ encode, tokenText, decode: (ids) => ids.map(tokenText).join("") }, texts.length, [0, 1]);
}

const vocabulary = longestMatchVocabulary();
const limits = { maxTokens: 400, maxStringTokens: 60 };

/** A model whose logits depend on all tokens before, with its record of runs. */
function feedOf(next: (prefix: number[]) => Float32Array, runs: number[][] = []): FeedTokens {
  const seen: number[] = [];
  return async (ids, rows, rewind) => {
    runs.push(ids);
    seen.splice(seen.length - rewind, rewind);
    seen.push(...ids);
    return Array.from({ length: rows }, (_, row) => next(seen.slice(0, seen.length - (rows - 1 - row))));
  };
}

/** A model that has learned one reply by heart. */
function memorised(ids: number[], prompt: number[], runs: number[][] = []): FeedTokens {
  const all = [...prompt, ...ids];
  return feedOf((prefix) => {
    const logits = new Float32Array(vocabulary.size);
    if (prefix.every((id, at) => id === all[at])) logits[all[prefix.length] ?? 1] = 10;
    return logits;
  }, runs);
}

function randomFeed(seed: number, runs: number[][] = []): FeedTokens {
  return feedOf((prefix) => {
    let state = prefix.reduce((hash, id) => (Math.imul(hash ^ id, 16777619) + 1) >>> 0, seed);
    return Float32Array.from({ length: vocabulary.size }, () => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return state / 2 ** 30;
    });
  }, runs);
}

test("literals between fields are one piece and the separator of a variable list stands alone", () => {
  const segments = segmentReply(schema, value);
  expect(segments.map(({ text }) => text).join("")).toBe(
    JSON.stringify(value).replace("0.5]", "0.50]").replace("[0,", "[0.00,"),
  );
  expect(segments.map(({ kind, text }) => `${kind} ${text}`)).toEqual([
    'literal {"category":"',
    "option facet",
    'literal ","source":"',
    "text A smile.",
    'literal ","regions":[{"label":"',
    "option mouth",
    'literal ","box":[0.',
    "digits 31",
    "literal ,0.",
    "digits 50",
    "literal ]}",
    "choice ,",
    'literal {"label":"',
    "option eyes",
    'literal ","box":[0.',
    "digits 00",
    "literal ,0.",
    "digits 99",
    "literal ]}",
    "choice ]",
    "literal }",
  ]);
});

test("a model that knows a reply writes exactly its training tokens and runs once per choice", async () => {
  const ids = encodeSegments(segmentReply(schema, value), vocabulary.encode);
  const runs: number[][] = [];
  const reply = await decodeReply(pieces, [0], memorised(ids, [0], runs), vocabulary, limits);
  expect(JSON.parse(reply.text)).toEqual(value);
  expect(reply.ids).toEqual(ids);
  expect(reply.truncated).toBe(false);
  // "facet" is told from "face" and "vase" in two choices, "A smile." takes five tokens and its end, each label one, digits 2 x 4, separators 2.
  expect(runs.length).toBeLessThanOrEqual(2 + 6 + 2 + 8 + 2);
});

test("good guesses save runs, wrong ones are forgotten, and neither changes the reply", async () => {
  const ids = encodeSegments(segmentReply(schema, value), vocabulary.encode);
  const runsOf = async (likely: number[]) => {
    const runs: number[][] = [];
    const reply = await decodeReply(pieces, [0], memorised(ids, [0], runs), vocabulary, limits, { likely });
    expect(reply.ids).toEqual(ids);
    return runs.length;
  };
  const wrong = ids.map((id, at) => (at % 3 === 2 ? 2 : id));
  expect(await runsOf(ids)).toBeLessThan((await runsOf([])) / 2);
  expect(await runsOf(wrong)).toBeLessThanOrEqual(await runsOf([]));
  for (let seed = 1; seed <= 20; seed++) {
    const plain = await decodeReply(pieces, [0], randomFeed(seed), vocabulary, limits);
    const guessed = await decodeReply(pieces, [0], randomFeed(seed), vocabulary, limits, { likely: wrong });
    expect(guessed).toEqual(plain);
  }
});

test.each(Array.from({ length: 40 }, (_, index) => index + 1))(
  "random logits (seed %i) still give a valid reply",
  async (seed) => {
    const reply = await decodeReply(pieces, [0], randomFeed(seed), vocabulary, limits);
    expect(shape.safeParse(JSON.parse(reply.text)).error).toBeUndefined();
    expect(vocabulary.decode(reply.ids)).toBe(reply.text);
  },
);

test("the reply gets shorter rather than invalid as the limit comes closer, down to the shortest one", async () => {
  const shortest = shortestLength(pieces, vocabulary);
  for (let maxTokens = shortest; maxTokens < shortest + 60; maxTokens++) {
    const reply = await decodeReply(pieces, [0], randomFeed(maxTokens), vocabulary, { maxTokens, maxStringTokens: 60 });
    expect(reply.ids.length).toBeLessThanOrEqual(maxTokens);
    expect(shape.safeParse(JSON.parse(reply.text)).success).toBe(true);
  }
  await expect(
    decodeReply(pieces, [0], randomFeed(1), vocabulary, { maxTokens: shortest - 1, maxStringTokens: 60 }),
  ).rejects.toMatchObject({ reason: "CHAT_REPLY_TOO_LONG" });
});

test("a string that does not end is cut and reported", async () => {
  const endless = feedOf(() => {
    const logits = new Float32Array(vocabulary.size);
    logits[vocabulary.encode("a")[0] ?? 0] = 5;
    return logits;
  });
  const reply = await decodeReply(pieces, [0], endless, vocabulary, { maxTokens: 400, maxStringTokens: 12 });
  expect(JSON.parse(reply.text)).toMatchObject({ source: "a".repeat(12) });
  expect(reply.truncated).toBe(true);
});

test("an aborted signal stops before the next token", async () => {
  const controller = new AbortController();
  let runs = 0;
  const answer = feedOf(() => new Float32Array(vocabulary.size));
  const feed: FeedTokens = (ids, rows, rewind) => {
    if (++runs === 3) controller.abort(new Error("gone"));
    return answer(ids, rows, rewind);
  };
  const { signal } = controller;
  await expect(decodeReply(pieces, [0], feed, vocabulary, limits, { signal })).rejects.toThrow("gone");
  expect(runs).toBe(3);
});

test("a schema outside the subset is refused with its place", () => {
  expect(() => narrowSchema({ type: "object", properties: { a: { type: "boolean" } }, required: ["a"] })).toThrow(
    "reply schema at /a: expected type object, string, number or array",
  );
  expect(() => narrowSchema(z.toJSONSchema(z.object({ a: z.string().optional() })))).toThrow("a required property");
  expect(() => narrowSchema(z.toJSONSchema(z.object({ a: z.array(z.string()) })))).toThrow("minItems");
});
