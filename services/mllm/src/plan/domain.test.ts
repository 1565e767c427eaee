import { expect, test } from "vitest";
import { checkDomain } from "./domain.ts";

const domain = { kind: "mean-log-probability", threshold: -0.5 } as const;

test("only a reply less sure than the threshold warns", () => {
  expect(checkDomain(domain, -0.4)).toEqual([]);
  expect(checkDomain(domain, -0.6).map(({ code }) => code)).toEqual(["OUT_OF_DOMAIN"]);
});

test("nothing is checked without a threshold or a probability", () => {
  expect(checkDomain(undefined, -9)).toEqual([]);
  expect(checkDomain(domain, undefined)).toEqual([]);
});
