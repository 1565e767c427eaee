import { expect, it } from "vitest";
import { createJobId } from "./job-id.ts";

it("makes valid ids that rise, also many in a millisecond", () => {
  const ids = Array.from({ length: 10_000 }, createJobId);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
