import { expect, test } from "vitest";
import { checkDomain } from "./domain.ts";

const domain = { kind: "mahalanobis", threshold: 1.5 } as const;

test("only a picture further than the threshold warns", () => {
  expect(checkDomain(domain, 1.4)).toEqual([]);
  expect(checkDomain(domain, 1.6).map(({ code }) => code)).toEqual(["OUT_OF_DOMAIN"]);
});

test("nothing is checked without a threshold or a distance", () => {
  expect(checkDomain(undefined, 9)).toEqual([]);
  expect(checkDomain(domain, undefined)).toEqual([]);
});
