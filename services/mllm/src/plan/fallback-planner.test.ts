import { EMOTIONS } from "@moodifier/emotion";
import { expect, test } from "vitest";
import { planByDescriptors, retarget } from "./fallback-planner.ts";
import { CAPTION_SENTENCES, checkPlan, splitSentences, type Mission } from "./mission.ts";

const labels = ["mouth", "eyes", "eyebrows", "face"];

function missionFor(change: Partial<Mission>): Mission {
  return { emotion: "joy", intensity: 0.8, vocabulary: { categories: ["face"], labels, maxRegions: 8 }, ...change };
}

test.each(EMOTIONS.map((emotion) => [emotion]))("the plan for %s fulfils its own mission", (emotion) => {
  const mission = missionFor({ emotion });
  const draft = planByDescriptors(mission);
  expect(checkPlan(JSON.stringify(draft), mission)).toEqual({ value: draft });
});

test("with a region only the sentence about it and the overall emotion change", () => {
  const { source, target, regions } = planByDescriptors(missionFor({ region: "eyes" }));
  const [before, after] = [splitSentences(source), splitSentences(target)];
  const changed = after.flatMap((sentence, at) => (sentence === before[at] ? [] : [at]));
  expect(changed).toEqual([2, CAPTION_SENTENCES - 1]);
  expect(regions.map(({ label }) => label)).toEqual(["eyes"]);
});

test.each([undefined, "mouth"])(
  "a new target keeps the summary as the model read it and fulfils the mission (region %s)",
  (region) => {
    const mission = missionFor({ emotion: "sadness", region });
    const summary = "A cartoon portrait of a person with red hair.";
    const rest = ["The mouth is open.", "The eyes are calm.", "The eyebrows are level.", "The picture conveys joy."];
    const read = { ...planByDescriptors(mission), source: [summary, ...rest].join(" "), target: "Sad." };
    const draft = retarget(read, mission);
    expect(checkPlan(JSON.stringify(draft), mission)).toEqual({ value: draft });
    const sentences = splitSentences(draft.target);
    expect(sentences[0]).toBe(summary);
    expect(sentences[2] === rest[1]).toBe(region === "mouth");
  },
);

test("a category of things has one region", () => {
  const { category, regions, target } = planByDescriptors(missionFor({ foreignCategory: "vase" }));
  expect(category).toBe("vase");
  expect(regions).toHaveLength(1);
  expect(splitSentences(target)).toHaveLength(CAPTION_SENTENCES);
});
