import { expect, test } from "vitest";
import { planReply, schemaOf } from "../plan/plan-reply.ts";
import { describeLines, readLines } from "./plain-lines.ts";

const schema = schemaOf(planReply({ categories: ["face", "vase"], labels: ["mouth", "eyes"], maxRegions: 3 }));

test("the form names every field, its options and how a list is written", () => {
  const form = describeLines(schema).split("\n");
  expect(form.slice(1).map((line) => line.split(":")[0])).toEqual(["category", "source", "target", "kind", "regions"]);
  expect(form[1]).toBe("category: one of face, vase");
  expect(form[5]).toContain("<label: mouth or eyes> | <0.00 to 0.99>, <0.00 to 0.99>");
});

test("lines are read back, also with marks, odd cases and chatter around them", () => {
  const text = `Sure, here is the plan.
**Category:** Face
- source: A face. It is calm.
target: A face. It smiles: widely.
Kind: shape.
region 1: mouth | [0.3, 0.55, 0.7, 0.8]
Region: eyes | 0.28, .4, 0.72, 0.52
I hope this helps.`;
  expect(readLines(text, schema)).toEqual({
    category: "face",
    source: "A face. It is calm.",
    target: "A face. It smiles: widely.",
    kind: "shape",
    regions: [
      { label: "mouth", box: [0.3, 0.55, 0.7, 0.8] },
      { label: "eyes", box: [0.28, 0.4, 0.72, 0.52] },
    ],
  });
});

test("a missing field is no reply", () => {
  expect(readLines("category: face\nkind: shape", schema)).toBeUndefined();
  expect(readLines("", schema)).toBeUndefined();
});
