import { expect, it } from "vitest";
import { parsePrefer } from "./prefer.ts";

it.each([
  [undefined, { waitSeconds: 0, respondAsync: false, applied: undefined }],
  ["wait=10", { waitSeconds: 10, respondAsync: false, applied: "wait=10" }],
  ["wait=500", { waitSeconds: 60, respondAsync: false, applied: "wait=60" }],
  ['respond-async, wait="5"', { waitSeconds: 5, respondAsync: true, applied: "wait=5, respond-async" }],
  [["Wait=3; x=1", "wait=9"], { waitSeconds: 3, respondAsync: false, applied: "wait=3" }],
  ["wait=-1, return=minimal", { waitSeconds: 0, respondAsync: false, applied: undefined }],
])("reads %j", (header, expected) => {
  expect(parsePrefer(header)).toEqual(expected);
});
