import { expect, it } from "vitest";
import { killAndResume } from "../../packages/archive/tests/kill-and-resume.ts";

it("publishes the same bytes after ten kills at random moments as without, and loses no finished annotation", async () => {
  const { undisturbed, resumed, kills, askedAgain } = await killAndResume(300, 10, Math.random);
  expect(kills).toBe(10);
  expect(Object.keys(undisturbed).filter((name) => name.endsWith(".tar")).length).toBeGreaterThanOrEqual(20);
  expect(resumed).toEqual(undisturbed);
  // A finished annotation is never paid for twice: a kill costs the four that are in work.
  expect(askedAgain).toBeLessThanOrEqual(4 * kills);
});
