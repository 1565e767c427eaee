import { describe, expect, it } from "vitest";
import { killAndResume } from "../tests/kill-and-resume.ts";

describe("a build that is killed", () => {
  // tests/archive does it ten times; `npm run test:archive`.
  it(
    "publishes the same bytes after two kills as without, and loses no finished annotation",
    { timeout: 300_000 },
    async () => {
      const { undisturbed, resumed, kills, askedAgain } = await killAndResume(45, 2, Math.random);
      expect(kills).toBe(2);
      expect(Object.keys(undisturbed).filter((name) => name.endsWith(".tar")).length).toBeGreaterThanOrEqual(3);
      expect(resumed).toEqual(undisturbed);
      // A finished annotation is never paid for twice: a kill costs the four that are in work.
      expect(askedAgain).toBeLessThanOrEqual(4 * kills);
    },
  );
});
