import { expect, it } from "vitest";
import { killAndResume } from "../../packages/archive/tests/kill-and-resume.ts";

it("publishes the same bytes after ten kills at random moments as without", async () => {
  const { undisturbed, resumed, kills } = await killAndResume(300, 10, Math.random);
  expect(kills).toBe(10);
  expect(Object.keys(undisturbed).filter((name) => name.endsWith(".tar")).length).toBeGreaterThanOrEqual(20);
  expect(resumed).toEqual(undisturbed);
});
