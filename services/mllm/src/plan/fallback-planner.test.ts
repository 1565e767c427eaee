import { EMOTIONS } from "@moodifier/emotion";
import { expect, test } from "vitest";
import { changePlannedParts, planByDescriptors, retarget } from "./fallback-planner.ts";
import { CAPTION_SENTENCES, checkPlan, splitSentences, type Mission, type PlanDraft } from "./mission.ts";

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

const caption = (mouth: string, eyes: string, emotion: string): string =>
  `A portrait. The mouth is ${mouth}. The eyes are ${eyes}. The eyebrows are level. The picture conveys ${emotion}.`;
const regions: PlanDraft["regions"] = ["mouth", "eyes"].map((label) => ({ label, box: [0, 0, 0.5, 0.5] }));

test("a planned part whose sentence repeats the source gets the descriptors' sentence", () => {
  const mission = missionFor({ emotion: "joy" });
  const source = caption("a downturned frown", "open and calm", "sadness");
  const draft = {
    ...planByDescriptors(mission),
    source,
    target: caption("a downturned frown", "shut", "joy"),
    regions,
  };
  const changed = changePlannedParts(draft, mission);
  expect(changed.labels).toEqual(["mouth"]);
  const sentences = splitSentences(changed.draft.target);
  expect(sentences[1]).toBe(splitSentences(planByDescriptors(mission).target)[1]);
  expect(sentences.toSpliced(1, 1)).toEqual(splitSentences(draft.target).toSpliced(1, 1));
});

test("a plan that changes each of its parts stays as it is, and so do parts that it does not plan to change", () => {
  const mission = missionFor({ emotion: "joy" });
  const source = caption("a downturned frown", "open and calm", "sadness");
  const draft = { ...planByDescriptors(mission), source, target: caption("a smile", "shut", "joy"), regions };
  expect(changePlannedParts(draft, mission)).toEqual({ draft, labels: [] });
  const mouthOnly = { ...draft, target: caption("a smile", "open and calm", "joy"), regions: regions.slice(0, 1) };
  expect(changePlannedParts(mouthOnly, mission)).toEqual({ draft: mouthOnly, labels: [] });
});
