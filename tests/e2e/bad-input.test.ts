import type { RunningStack } from "@moodifier/embedded";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getBytes, getJson, makeEdit, refusedEdit } from "./client.ts";
import { drawAnimation, drawBomb, drawFace, drawMask, readPixels, svg, toCmykJpeg, toRotatedJpeg } from "./fixtures.ts";
import { startStack } from "./stack.ts";

let stack: RunningStack;
let face: Buffer;

beforeAll(async () => {
  stack = await startStack();
  face = await drawFace();
}, 120_000);

afterAll(() => stack.stop());

describe("refused with a reason that names the argument", () => {
  it("an unknown emotion, with near names", async () => {
    const problem = await refusedEdit(stack.url, { image: face, emotion: "happyness" });
    expect(problem).toMatchObject({ status: 400, reason: "EMOTION_UNKNOWN", argument: "emotion" });
    expect(problem.details?.near).toContain("joy");
    expect(problem.detail).toContain("joy");
  });

  it.each(["-0.1", "1.01", "strong"])("an intensity of %s", async (intensity) => {
    const problem = await refusedEdit(stack.url, { image: face, emotion: "joy", intensity });
    expect(problem).toMatchObject({ status: 400, reason: "FIELD_INVALID", argument: "intensity" });
  });

  it("an unknown option", async () => {
    const problem = await refusedEdit(stack.url, { image: face, emotion: "joy", strength: "1" });
    expect(problem).toMatchObject({ status: 400, reason: "FIELD_UNKNOWN", argument: "strength" });
  });

  it("an unknown method", async () => {
    const problem = await refusedEdit(stack.url, { image: face, emotion: "joy", method: "magic" });
    expect(problem).toMatchObject({ status: 400, code: "INVALID_ARGUMENT" });
    expect(problem.detail).toContain("magic");
  });

  it("an empty mask", async () => {
    const mask = await drawMask(256, 256, [0, 0, 0, 0]);
    const problem = await refusedEdit(stack.url, { image: face, emotion: "joy", mask });
    expect(problem).toMatchObject({ status: 400, reason: "MASK_EMPTY", argument: "mask" });
  });

  it("a mask of another aspect", async () => {
    const mask = await drawMask(256, 128, [0.2, 0.2, 0.8, 0.8]);
    const problem = await refusedEdit(stack.url, { image: face, emotion: "joy", mask });
    expect(problem).toMatchObject({ status: 400, reason: "MASK_ASPECT_MISMATCH", argument: "mask" });
    expect(problem.detail).toMatch(/256 x 128.*256 x 256/);
  });

  const pictures: [string, () => Buffer | Promise<Buffer>, number, string][] = [
    ["an empty file", () => Buffer.alloc(0), 400, "IMAGE_EMPTY"],
    ["a truncated file", () => face.subarray(0, Math.floor(face.length / 2)), 400, "IMAGE_CORRUPT"],
    ["a PNG bomb", drawBomb, 413, "IMAGE_TOO_LARGE"],
    ["an SVG", () => svg, 415, "IMAGE_UNSUPPORTED"],
    ["an animated GIF", () => drawAnimation("gif"), 415, "IMAGE_UNSUPPORTED"],
    ["an animated WebP", () => drawAnimation("webp"), 400, "IMAGE_ANIMATED"],
    ["a text", () => Buffer.from("not a picture"), 415, "IMAGE_UNSUPPORTED"],
    ["one pixel", () => drawFace(1, 1), 400, "IMAGE_TOO_SMALL"],
  ];

  it.each(pictures)("%s", async (_name, draw, status, reason) => {
    const problem = await refusedEdit(stack.url, { image: await draw(), emotion: "joy" });
    expect(problem).toMatchObject({ status, reason, argument: "image" });
  });

  it("the same in a mask", async () => {
    const problem = await refusedEdit(stack.url, { image: face, mask: Buffer.alloc(0), emotion: "joy" });
    expect(problem).toMatchObject({ status: 400, reason: "IMAGE_EMPTY", argument: "mask" });
  });

  it("and loses nothing: the next edit works", async () => {
    expect((await makeEdit(stack.url, { image: face, emotion: "joy", steps: "1" })).status).toBe("succeeded");
  });
});

describe("accepted", () => {
  it("a full mask, with a warning", async () => {
    const mask = await drawMask(256, 256, [0, 0, 1, 1]);
    const edit = await makeEdit(stack.url, { image: face, mask, emotion: "joy", steps: "1" });
    expect(edit.mask_coverage).toBe(1);
    expect(edit.warnings.map(({ code }) => code)).toContain("MASK_FULL");
  });

  it("a CMYK JPEG, converted, with a warning", async () => {
    const edit = await makeEdit(stack.url, { image: await toCmykJpeg(face), emotion: "joy", steps: "1" });
    expect(edit.warnings.map(({ code }) => code)).toContain("CMYK_WITHOUT_PROFILE");
    expect((await readPixels(await getBytes(edit.urls.result))).channels).toBe(3);
  });

  it("an EXIF-rotated JPEG with a mask in the upright frame", async () => {
    const upright = await drawFace(192, 128);
    const mask = await drawMask(192, 128, [0, 0, 0.25, 1]);
    const edit = await makeEdit(stack.url, {
      image: await toRotatedJpeg(upright),
      mask,
      emotion: "joy",
      steps: "1",
      feather_px: "0",
    });
    const [before, after] = [await readPixels(upright), await readPixels(await getBytes(edit.urls.result))];
    expect([after.width, after.height]).toEqual([192, 128]);
    expect(edit.mask_coverage).toBeCloseTo(0.25, 2);
    // Right of the mask the result is the upright picture, but for what JPEG costs.
    let difference = 0;
    for (let y = 0; y < 128; y += 1) {
      for (let at = (y * 192 + 96) * 3; at < (y + 1) * 192 * 3; at += 1) {
        difference += Math.abs((before.data[at] as number) - (after.data[at] as number));
      }
    }
    expect(difference / (128 * 96 * 3)).toBeLessThan(3);
  });
});

describe("a service that is down", () => {
  it("is named, and the others go on", async () => {
    const broken = await startStack();
    try {
      await broken.services.diffusion.stop();
      const problem = await refusedEdit(broken.url, { image: face, emotion: "joy" });
      expect(problem).toMatchObject({ status: 503, code: "UNAVAILABLE", service: "diffusion", stage: "editing" });
      expect(await getJson(`${broken.url}/readyz`)).toMatchObject({ down: ["diffusion"] });
    } finally {
      await broken.stop();
    }
  }, 120_000);
});
