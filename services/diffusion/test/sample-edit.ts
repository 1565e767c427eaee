import { createPicture, encodeMask, encodePng, type Model } from "@moodifier/inference";
import { common, diffusion } from "@moodifier/proto";
import { asFloat32, createMask, fromBox, int64, type Box, type Mask } from "@moodifier/tensor";

const SOURCE = "A person. The mouth is a thin line.";
const TARGET = "A person. The mouth is a wide open smile.";

/** Encodes three texts with the tiny text tower as the encoder service does. */
export async function encodeTexts(model: Model, source = SOURCE, target = TARGET): Promise<diffusion.TextStates> {
  const tokenizer = await model.tokenizer("clip");
  const encoder = await model.session("text_encoder");
  const texts = ["", source, target].map((text) => tokenizer.encode(text));
  const longest = Math.max(...texts.map(({ ids }) => ids.length));
  const length = Math.ceil(longest / model.manifest.text.lengthMultiple) * model.manifest.text.lengthMultiple;
  const ids = int64(
    [3, length],
    texts.flatMap((text) => tokenizer.pad(text.ids, length)),
  );
  const { hidden_states: states } = await encoder.run({ input_ids: ids });
  const { dims, data } = asFloat32(states, "hidden_states");
  return {
    states: { dims: [...dims], data: Buffer.from(data.buffer, data.byteOffset, data.byteLength) },
    source: texts[1]!,
    target: texts[2]!,
  };
}

/** A picture with structure in every channel; `channels` 4 adds a sloping alpha. */
export async function paintPicture(width: number, height: number, channels: 3 | 4 = 3): Promise<common.Image> {
  const data = new Uint8Array(width * height * channels);
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)];
    data.set([(x * 5) % 256, (y * 3) % 256, ((x ^ y) * 7) % 256], i * channels);
    if (channels === 4) data[i * 4 + 3] = 255 - (y % 200);
  }
  return { data: await encodePng(createPicture({ width, height, channels, data })), mediaType: "image/png" };
}

/** A box mask as PNG. */
export function paintMask(width: number, height: number, box: Box = [0.25, 0.5, 0.75, 0.75]): Promise<Buffer> {
  return encodeMask(fromBox(box, { width, height }));
}

/** A mask of one value as PNG. */
export function fillMask(width: number, height: number, value: number): Promise<Buffer> {
  const mask: Mask = createMask({ width, height }, value);
  return encodeMask(mask);
}

/** A complete request for a 96 x 80 picture with a box mask; change what a test is about. */
export async function makeRequest(
  text: diffusion.TextStates,
  plan: Partial<common.EditPlan> = {},
): Promise<diffusion.EditRequest> {
  return {
    image: await paintPicture(96, 80),
    text,
    sampling: { seed: 7n, steps: 4 },
    method: "",
    plan: {
      ...common.EditPlan.create({
        emotion: "joy",
        intensity: 0.8,
        category: "face",
        sourceCaption: SOURCE,
        targetPrompt: TARGET,
      }),
      kind: common.EditKind.SHAPE,
      maskSource: common.MaskSource.USER,
      maskPng: await paintMask(96, 80),
      ...plan,
    },
  };
}

/** A JPEG with an EXIF segment that holds nothing but the orientation, 1..8. */
export function tagOrientation(jpeg: Buffer, orientation: number): Buffer {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010000000000000000", "hex");
  tiff.writeUInt16BE(orientation, 18);
  const body = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const head = Buffer.from("ffe10000", "hex");
  head.writeUInt16BE(body.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, body, jpeg.subarray(2)]);
}
