import { decodeImage, encodeImage, openModel, type Model } from "@moodifier/inference";
import { common, diffusion } from "@moodifier/proto";
import { createClient, type RunningService, type ServiceClient } from "@moodifier/service-kit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TINY } from "../test/golden.ts";
import { encodeTexts, fillMask, makeRequest, paintMask, paintPicture, tagOrientation } from "../test/sample-edit.ts";
import { configSchema } from "./config.ts";
import { start } from "./start.ts";

let service: RunningService;
let client: ServiceClient<diffusion.EditorService>;
let model: Model;
let text: diffusion.TextStates;

beforeAll(async () => {
  service = await start(configSchema.parse({ modelDir: TINY, logLevel: "silent" }));
  client = createClient(diffusion.EditorClient, service.address);
  model = await openModel(TINY, { threads: 1 });
  text = await encodeTexts(model);
});

afterAll(async () => {
  client?.close();
  await Promise.all([service?.stop(), model?.close()]);
});

async function collect(request: diffusion.EditRequest) {
  const events: NonNullable<diffusion.EditEvent["event"]>[] = [];
  for await (const { event } of client.edit(request)) {
    if (event) events.push(event);
  }
  const last = events.at(-1);
  if (last?.$case !== "result") throw new Error("the stream has no result");
  return { events, result: last.value };
}

const codes = (result: diffusion.EditResult) => result.warnings.map(({ code }) => code);

test("an edit streams accepted, every step, and a result at the source's size whose outside is the source", async () => {
  const request = await makeRequest(text);
  const { events, result } = await collect(request);
  expect(events.map(({ $case }) => $case)).toEqual(["accepted", ...Array(4).fill("progress"), "result"]);
  expect(events[0]).toMatchObject({ value: { steps: 4 } });
  expect(events[3]).toMatchObject({ value: { step: 3, steps: 4, preview: undefined } });
  expect(result.recipe).toMatchObject({
    method: "moodifier",
    modelId: "tiny",
    modelDigest: model.digest,
    seed: 7n,
    timesteps: [999, 759, 499, 259],
    crossReplace: expect.closeTo(0.4, 6),
    featherPx: 4,
    width: 128,
    height: 104,
    precision: model.precision("denoiser"),
  });
  expect(result.timings).toMatchObject({ unetRows: 12, unprunedUnetRows: 24 });
  const [source, edited] = await Promise.all([decodeImage(request.image!.data), decodeImage(result.image!.data)]);
  expect([edited.width, edited.height, edited.channels]).toEqual([96, 80, 3]);
  const changed = [...source.data.keys()]
    .filter((i) => source.data[i] !== edited.data[i])
    .map((i) => Math.floor(i / 3));
  const rows = changed.map((pixel) => Math.floor(pixel / 96));
  // The mask's rows 40..60 and columns 24..72, softened by 4 pixels.
  expect(Math.min(...rows)).toBeGreaterThanOrEqual(36);
  expect(Math.max(...rows)).toBeLessThan(64);
  expect(changed.length).toBeGreaterThan(500);
  expect(result.outsideMask).toEqual({ maxAbsDiff: 0, changedPx: 0, totalPx: expect.any(Number) });
  expect(result.outsideMask!.totalPx).toBeGreaterThan(96 * 80 - 56 * 28 - 1);
  expect(result.warnings).toEqual([]);
});

test("the same recipe gives the same bytes, in this process and in another server; another seed gives others", async () => {
  const request = await makeRequest(text);
  const other = await start(configSchema.parse({ modelDir: TINY, logLevel: "silent" }));
  const elsewhere = createClient(diffusion.EditorClient, other.address);
  const [first, second] = [await collect(request), await collect(request)];
  let third: Buffer | undefined;
  for await (const { event } of elsewhere.edit(request)) {
    if (event?.$case === "result") third = event.value.image?.data;
  }
  elsewhere.close();
  await other.stop();
  const reseeded = await collect({ ...request, sampling: { ...request.sampling, seed: 8n } });
  expect(second.result.image!.data.equals(first.result.image!.data)).toBe(true);
  expect(third?.equals(first.result.image!.data)).toBe(true);
  expect(reseeded.result.image!.data.equals(first.result.image!.data)).toBe(false);
});

test("alpha is kept and the outside of a large picture stays exact", async () => {
  const request = await makeRequest(text, { maskPng: await paintMask(700, 500) });
  const image = await paintPicture(700, 500, 4);
  const { result } = await collect({ ...request, image, sampling: { steps: 1, featherPx: 12 } });
  const [source, edited] = await Promise.all([decodeImage(image.data), decodeImage(result.image!.data)]);
  expect(edited.channels).toBe(4);
  expect([...edited.data.keys()].every((i) => i % 4 !== 3 || edited.data[i] === source.data[i])).toBe(true);
  expect(result.outsideMask).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
});

test("a JPEG turned by EXIF is edited upright, where its upright mask says", async () => {
  const upright = await decodeImage((await paintPicture(80, 96)).data);
  const jpeg = await encodeImage(upright, { format: "jpeg", quality: 95 });
  const image = { data: tagOrientation(jpeg, 6), mediaType: "image/jpeg" };
  const { result } = await collect({ ...(await makeRequest(text)), image });
  const edited = await decodeImage(result.image!.data);
  expect([edited.width, edited.height]).toEqual([96, 80]);
  expect(result.outsideMask).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
  expect(result.outsideMask!.totalPx).toBeGreaterThan(96 * 80 - 56 * 28 - 1);
});

test("previews come when asked for", async () => {
  const { events } = await collect({ ...(await makeRequest(text)), sampling: { steps: 4, previewEvery: 2 } });
  const previews = events.filter((event) => event.$case === "progress").map((event) => event.value.preview);
  expect(previews.map((preview) => preview !== undefined)).toEqual([false, true, false, true]);
  const picture = await decodeImage(previews[1]!.data);
  expect([picture.width, picture.height]).toEqual([128, 104]);
});

describe("masks", () => {
  const refused = async (plan: Partial<common.EditPlan>) => collect(await makeRequest(text, plan));

  test("an empty mask is refused", async () => {
    await expect(refused({ maskPng: await fillMask(96, 80, 0) })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MASK_EMPTY",
    });
  });

  test("a full mask is accepted with a warning", async () => {
    const { result } = await refused({ maskPng: await fillMask(96, 80, 1) });
    expect(codes(result)).toEqual(["MASK_FULL"]);
    expect(result.outsideMask).toEqual({ maxAbsDiff: 0, changedPx: 0, totalPx: 0 });
  });

  test("a mask of another aspect is refused with both sizes", async () => {
    await expect(refused({ maskPng: await paintMask(80, 96) })).rejects.toMatchObject({
      code: "INVALID_ARGUMENT",
      reason: "MASK_ASPECT_MISMATCH",
      message: expect.stringMatching(/80 x 96.*96 x 80/),
    });
  });

  test("a mask of another size but the same aspect is scaled", async () => {
    const { result } = await refused({ maskPng: await paintMask(384, 320) });
    expect(result.outsideMask).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
  });

  test("a mask of one pixel still edits that pixel's surroundings", async () => {
    const { result } = await refused({ maskPng: await paintMask(96, 80, [0.5, 0.5, 0.51, 0.51]) });
    expect(result.outsideMask).toMatchObject({ changedPx: 0 });
  });

  test("without a mask the whole picture may change, but only when the plan says so", async () => {
    const { result } = await refused({ maskPng: Buffer.alloc(0), maskSource: common.MaskSource.WHOLE });
    expect(codes(result)).toEqual(["MASK_FULL"]);
    await expect(refused({ maskPng: Buffer.alloc(0) })).rejects.toMatchObject({ reason: "MASK_MISSING" });
    await expect(refused({ maskSource: common.MaskSource.UNSPECIFIED })).rejects.toMatchObject({
      reason: "MASK_SOURCE_INVALID",
    });
  });

  test.each(["moodifier", "inversion-free", "direct-inversion", "sdedit"])(
    "attention draws the mask when there is none (%s)",
    async (method) => {
      const request = await makeRequest(text, {
        maskPng: Buffer.alloc(0),
        maskSource: common.MaskSource.ATTENTION,
        blendWords: ["smile", "giraffe"],
      });
      const { result } = await collect({ ...request, method });
      expect(codes(result)).toEqual(["BLEND_WORDS_UNKNOWN"]);
      expect(result.outsideMask).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
    },
  );
});

test("every listed method edits and leaves the outside alone", async () => {
  const { methods } = await client.listMethods({});
  expect(methods.map(({ name }) => name)).toEqual([
    "moodifier",
    "word-swap",
    "inversion-free",
    "ddim-inversion",
    "direct-inversion",
    "sdedit",
  ]);
  const request = await makeRequest(text, { blendWords: ["smile"] });
  const pictures = new Set<string>();
  for (const { name } of methods) {
    const sampling = { seed: 7n, steps: 4, crossReplace: 1, selfReplace: 0.5 };
    const { events, result } = await collect({ ...request, method: name, sampling });
    // sdedit leaves out the noisiest quarter; its steps are counted as they run.
    const steps = name === "sdedit" ? 3 : 4;
    expect(events[0]).toMatchObject({ value: { steps } });
    expect(events.at(-2)).toMatchObject({ value: { step: steps, steps } });
    expect(result.recipe?.steps).toBe(4);
    expect(result.recipe?.timesteps).toHaveLength(steps);
    expect(result.outsideMask).toMatchObject({ maxAbsDiff: 0, changedPx: 0 });
    expect(result.recipe?.method).toBe(name);
    pictures.add(result.image!.data.toString("base64"));
  }
  expect(pictures.size).toBe(methods.length);
});
