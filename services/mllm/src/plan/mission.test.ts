import { expect, test } from "vitest";
import { checkPlan, extractJson, splitSentences, type Mission } from "./mission.ts";

const mission: Mission = {
  emotion: "joy",
  intensity: 0.8,
  vocabulary: { categories: ["face"], labels: ["mouth", "eyes"], maxRegions: 2 },
};
const source = "A face. The mouth is flat. The eyes are calm. The eyebrows are level. The picture conveys neutral.";
const target = "A face. The mouth is a smile. The eyes are bright. The eyebrows are high. The picture conveys joy.";
const reply = {
  category: "face",
  source,
  target,
  kind: "shape",
  regions: [{ label: "mouth", box: [0.3, 0.5, 0.7, 0.8] }],
};

function problemsOf(change: object, changed = mission): string[] {
  return checkPlan(JSON.stringify({ ...reply, ...change }), changed).problems ?? [];
}

test("a reply that fulfils the mission becomes a draft", () => {
  expect(checkPlan(JSON.stringify(reply), mission)).toEqual({ value: reply });
});

test.each([
  [{ target: "Joy." }, '"target" has 1 sentences instead of 5'],
  [{ target: target.replace("joy", "fear") }, 'the last sentence of "target" does not name joy'],
  [{ category: "vase" }, "category"],
  [{ kind: "magic" }, "kind"],
  [{ regions: [] }, "regions"],
  [{ regions: [{ label: "tail", box: [0, 0, 1, 1] }] }, "regions.0.label"],
  [{ regions: [{ label: "eyes", box: [0, 0, 9999, 1] }] }, "a box is not four fractions"],
  [{ source: "" }, "source"],
])("%o is reported as a problem", (change, problem) => {
  expect(problemsOf(change).join("; ")).toContain(problem);
});

test("a reply whose target alone is wrong keeps what it read of the picture", () => {
  const wrong = { ...reply, target: "Joy." };
  expect(checkPlan(JSON.stringify(wrong), mission).partial).toEqual(wrong);
  expect(checkPlan(JSON.stringify({ ...wrong, source: "A face." }), mission).partial).toBeUndefined();
});

test("more regions than the mission allows are a problem", () => {
  const narrow = { ...mission, vocabulary: { ...mission.vocabulary, maxRegions: 1 } };
  expect(problemsOf({ regions: [...reply.regions, ...reply.regions] }, narrow).join()).toContain("regions");
});

test("JSON is found in prose and fences, and its absence is noticed", () => {
  expect(extractJson('Sure!\n```json\n{"a":1}\n```')).toEqual({ a: 1 });
  expect(extractJson("none")).toBeUndefined();
  expect(extractJson('{"a":')).toBeUndefined();
  expect(checkPlan("no plan", mission)).toEqual({ problems: ["it is not a JSON object"] });
});

test("sentences end at marks that white space follows", () => {
  expect(splitSentences("One 0.5 part.  Two! Three")).toEqual(["One 0.5 part.", "Two!", "Three"]);
});
