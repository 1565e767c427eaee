import { expect, it } from "vitest";
import { type Answer, ContentCache, contentKey } from "./content-cache.ts";

const bytes = (count: number, model = "a"): Answer => ({ model, value: Buffer.alloc(count) });

function open(maxBytes = 100) {
  const clock = { ms: 0 };
  const looks: string[] = [];
  const cache = new ContentCache({
    maxBytes,
    maxAgeMs: 1000,
    now: () => clock.ms,
    onLook: (kind, result) => looks.push(`${kind} ${result}`),
  });
  let asked = 0;
  const find = (key: string, answer: Answer = bytes(10), kind = "plan") =>
    cache.find(kind, key, () => {
      asked += 1;
      return Promise.resolve(answer);
    });
  return { cache, clock, looks, find, asked: () => asked };
}

it("asks once, also when many ask at the same time", async () => {
  const { find, looks, asked } = open();
  await Promise.all([find("x"), find("x")]);
  await find("x");
  expect(asked()).toBe(1);
  expect(looks.toSorted()).toEqual(["plan hit", "plan miss", "plan shared"]);
});

it("forgets what another model said, what is old, and the least used", async () => {
  const { find, clock, asked } = open(25);
  await find("x");
  await find("text", bytes(5, "t"), "text");
  await find("y", bytes(10, "b"));
  await find("x", bytes(10, "b"));
  expect(asked()).toBe(4);
  await find("text", bytes(5, "t"), "text");
  expect(asked()).toBe(4);
  await find("z", bytes(10, "b"));
  await find("x", bytes(10, "b"));
  expect(asked()).toBe(5);
  clock.ms = 1001;
  await find("x", bytes(10, "b"));
  expect(asked()).toBe(6);
});

it("keeps no failure and does not pass one on to others", async () => {
  const { cache } = open();
  const failing = cache.find("plan", "x", () => Promise.reject(new Error("cancelled")));
  const other = cache.find("plan", "x", () => Promise.resolve(bytes(3)));
  await expect(failing).rejects.toThrow("cancelled");
  expect((await other).byteLength).toBe(3);
});

it("tells contents apart", () => {
  expect(contentKey({ a: 1 })).toBe(contentKey({ a: 1 }));
  expect(contentKey({ a: 1 })).not.toBe(contentKey({ a: 2 }));
});
