import { EMOTIONS } from "@moodifier/emotion";
import { describe, expect, it } from "vitest";
import { PARTS } from "../../parts.ts";
import { changedMask } from "../../rendered.ts";
import { changedParametricRegions } from "./annotation.ts";
import { CONTROLS, EXPRESSIONS } from "./controls.ts";
import { renderParametric } from "./render.ts";
import { sampleParametric, withParametricEmotion } from "./scene.ts";

const SIZE = 128;
const EXPRESSIVE = ["mouth", "eyes", "eyebrows", "cheeks", "tears"].map((part) => PARTS.indexOf(part as "mouth"));

describe("the parametric face", () => {
  it("draws the same bytes for a scene, and other bytes for every emotion and intensity", () => {
    const face = sampleParametric(5);
    const pictures = new Set<string>();
    for (const emotion of EMOTIONS) {
      for (const intensity of [0.3, 0.6, 1]) {
        const scene = withParametricEmotion(face, emotion, intensity);
        const { picture } = renderParametric(scene, 64);
        pictures.add(Buffer.from(picture).toString("base64"));
      }
    }
    const again = renderParametric(withParametricEmotion(face, "joy", 1), 64).picture;
    expect(pictures.has(Buffer.from(again).toString("base64"))).toBe(true);
    // Neutral barely moves: its three intensities may look alike.
    expect(pictures.size).toBeGreaterThanOrEqual(27 * 3 + 1);
  });

  it("changes no pixel outside the masks of its expression", () => {
    for (let seed = 0; seed < 24; seed++) {
      const face = withParametricEmotion(sampleParametric(seed), "joy", 1);
      const other = withParametricEmotion(face, EMOTIONS[seed % 27]!, 0.9);
      const [a, b] = [renderParametric(face, SIZE), renderParametric(other, SIZE)];
      const mask = changedMask(a, b, 24);
      let [inside, outside] = [0, 0];
      mask.forEach((changed, i) => {
        if (changed === 0) return;
        if (EXPRESSIVE.includes(a.parts[i]!) || EXPRESSIVE.includes(b.parts[i]!)) inside++;
        else outside++;
      });
      if (other.emotion !== "joy") expect(inside, `seed ${seed}`).toBeGreaterThan(40);
      // Where hair or glasses lie over a brow, its blended edge may tell the two apart by a few levels.
      expect(outside, `seed ${seed} ${other.emotion}`).toBeLessThanOrEqual(12);
      const labels = changedParametricRegions(a, b).map((region) => region.label);
      expect(labels).toEqual(expect.arrayContaining(["mouth", "eyes", "eyebrows"]));
    }
  });

  it("moves every control in some emotion, and grows with the intensity", () => {
    for (const control of CONTROLS)
      expect(
        Object.values(EXPRESSIONS).some((row) => row[control] !== undefined),
        control,
      ).toBe(true);
    const at = (intensity: number): number =>
      withParametricEmotion(sampleParametric(9), "sadness", intensity).controls.smile;
    expect([at(0), at(0.5), at(1)]).toEqual([at(0), at(0.5), at(1)].toSorted((x, y) => y - x));
    expect(at(1)).toBeLessThan(-0.4);
  });
});
