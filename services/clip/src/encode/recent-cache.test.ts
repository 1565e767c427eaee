import { expect, test } from "vitest";
import { RecentCache } from "./recent-cache.ts";

test("the entry used longest ago is forgotten first", () => {
  const cache = new RecentCache<string>(3, (value) => value.length);
  cache.set("a", "1");
  cache.set("b", "2");
  cache.set("c", "3");
  expect(cache.get("a")).toBe("1");
  cache.set("d", "4");
  expect(["a", "b", "c", "d"].map((key) => cache.get(key))).toEqual(["1", undefined, "3", "4"]);
});

test("replacing an entry frees its old size, and a value above the limit is not kept", () => {
  const cache = new RecentCache<string>(4, (value) => value.length);
  cache.set("a", "123");
  cache.set("a", "1");
  cache.set("b", "123");
  expect([cache.get("a"), cache.get("b")]).toEqual(["1", "123"]);
  cache.set("c", "12345");
  expect(cache.get("c")).toBeUndefined();
  expect(new RecentCache<string>(0, (value) => value.length).get("a")).toBeUndefined();
});
