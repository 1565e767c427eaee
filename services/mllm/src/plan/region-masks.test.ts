import { readFile } from "node:fs/promises";
import { decodeImage, openModel, type Model, type Picture } from "@moodifier/inference";
import { common } from "@moodifier/proto";
import type { Box } from "@moodifier/tensor";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createSquareView } from "../picture/square-view.ts";
import { openSegmenter, type Segmenter } from "../segment/segmenter.ts";
import { drawRegions } from "./region-masks.ts";

const root = new URL("../../../../", import.meta.url);
let model: Model;
let segmenter: Segmenter;
let picture: Picture;

beforeAll(async () => {
  model = await openModel(new URL("models/mini", root).pathname, { threads: 1 });
  segmenter = await openSegmenter(model);
  picture = await decodeImage(await readFile(new URL("examples/toonhead-neutral.png", root)));
});

afterAll(() => model.close());

const draw = async (label: string, box: Box, options: { segmenter?: Segmenter; roughBoxes?: boolean }) => {
  const view = await createSquareView(picture);
  return drawRegions([{ label, box }], view, picture, { segmenter: undefined, ...options });
};

/** A corner that shows background and hair. */
const ASTRAY: Box = [0.02, 0.02, 0.2, 0.15];

test("a part is found by its name where the planner's box is rough, and its own bounds become the box", async () => {
  const { regions, boxed } = await draw("mouth", ASTRAY, { segmenter, roughBoxes: true });
  const { x0, y0, x1, y1 } = regions[0]!.box!;
  expect(boxed).toEqual([]);
  // The mouth of that picture lies a little left of the middle, in the lower half.
  expect((x0 + x1) / 2).toBeGreaterThan(0.35);
  expect((x0 + x1) / 2).toBeLessThan(0.65);
  expect((y0 + y1) / 2).toBeGreaterThan(0.55);
  expect((y0 + y1) / 2).toBeLessThan(0.85);
});

test("a box that is not rough comes before the name", async () => {
  const near: Box = [0.3, 0.6, 0.65, 0.8];
  const { regions } = await draw("mouth", near, { segmenter });
  const { x0, y0, x1, y1 } = regions[0]!.box!;
  for (const [at, value] of [x0, y0, x1, y1].entries()) expect(value).toBeCloseTo(near[at]!, 5);
});

test("without a segmenter the box is the mask", async () => {
  const { regions, maskSource, boxed } = await draw("mouth", ASTRAY, {});
  expect(regions[0]!.confidence).toBe(0);
  expect(boxed).toEqual([]);
  expect(maskSource).toBe(common.MaskSource.BOX);
});
