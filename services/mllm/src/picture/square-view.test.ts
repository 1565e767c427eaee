import { createPicture } from "@moodifier/inference";
import { expect, test } from "vitest";
import { createSquareView } from "./square-view.ts";

function plain(width: number, height: number, value: number) {
  return createPicture({ width, height, channels: 3, data: new Uint8Array(width * height * 3).fill(value) });
}

test("a wide picture is centred, margins take its border colour", async () => {
  const { picture, frame } = await createSquareView(plain(4, 2, 77));
  expect(picture).toMatchObject({ width: 4, height: 4, channels: 3 });
  expect(new Set(picture.data)).toEqual(new Set([77]));
  expect(frame).toEqual([0, 0.25, 1, 0.75]);
});

test("boxes go to the view and back", async () => {
  for (const [width, height] of [
    [5, 2],
    [3, 7],
    [6, 6],
  ] as const) {
    const view = await createSquareView(plain(width, height, 0));
    const box = [0.1, 0.2, 0.5, 0.9] as const;
    expect(view.toPicture(view.toView(box))).toEqual(box.map((value) => expect.closeTo(value, 6)));
  }
});

test("a box in the margin becomes empty at the picture's edge", async () => {
  const { toPicture } = await createSquareView(plain(4, 2, 0));
  expect(toPicture([0, 0, 1, 0.2])).toEqual([0, 0, 1, 0]);
});

test("transparent pixels are white", async () => {
  const data = Uint8Array.of(0, 0, 0, 0, 10, 20, 30, 255, 0, 0, 0, 128, 5, 5, 5, 255);
  const { picture } = await createSquareView(createPicture({ width: 2, height: 2, channels: 4, data }));
  expect([...picture.data]).toEqual([255, 255, 255, 10, 20, 30, 127, 127, 127, 5, 5, 5]);
});

test("a large picture is made smaller", async () => {
  const { picture } = await createSquareView(plain(2000, 1000, 50));
  expect([picture.width, picture.height]).toEqual([768, 768]);
});
