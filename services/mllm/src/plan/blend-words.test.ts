import { expect, test } from "vitest";
import { chooseBlendWords } from "./blend-words.ts";

test("region labels that the prompt names come first", () => {
  expect(chooseBlendWords("The mouth is flat.", "The Mouth is wide. The eyes shine.", ["eyes", "mouth"])).toEqual([
    "mouth",
    "eyes",
  ]);
});

test("without them the words that are new count", () => {
  expect(chooseBlendWords("A grey vase.", "A bright bright vase.", ["body"])).toEqual(["bright"]);
});
