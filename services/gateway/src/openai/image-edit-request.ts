import { decodeImage, encodeMask } from "@moodifier/inference";
import { createMask } from "@moodifier/tensor";
import { readSourcePicture } from "../edits/source-picture.ts";
import { resolveEmotion } from "../emotions/resolve-emotion.ts";
import { toOutput } from "../finishing/output-fields.ts";
import { checkFields } from "../http/checked-fields.ts";
import { refuse } from "../http/refuse.ts";
import type { RequestBody, UploadedFile } from "../http/upload.ts";
import type { EditRequest } from "../edits/edit-request.ts";
import { imageEditFieldsSchema, STEPS_OF_QUALITY } from "./image-edit-fields.ts";
import { readPromptEmotion } from "./prompt-emotion.ts";

/** The fields that hold pictures; clients send a single picture under either name. */
export const imageEditFiles = ["image", "image[]", "mask"] as const;

/** A request for pictures: the edits that make them, and how to answer. */
export interface ImageEditRequest {
  readonly edits: readonly EditRequest[];
  readonly answer: "b64_json" | "url";
  readonly format: string;
}

/** Reads what an OpenAI client sent. Errors: as those of `POST /v1/edits`, and MASK_NEEDS_ALPHA, EMOTION_MISSING, EMOTION_AMBIGUOUS. */
export async function readImageEdit(body: RequestBody, signal: AbortSignal): Promise<ImageEditRequest> {
  const fields = checkFields(imageEditFieldsSchema, body);
  const source = await readSourcePicture(await toOurBody(body, signal), signal);
  const emotion = fields.emotion === undefined ? readPromptEmotion(fields.prompt) : resolveEmotion(fields.emotion);
  const { quality = "auto", output_format: format = "png", output_compression: compression } = fields;
  const output = toOutput(
    {
      ...(format !== "png" && { output_format: format }),
      // OpenAI's clients may send a compression with png, where theirs ignores it; ours says so.
      ...(compression !== undefined && { output_quality: compression }),
      ...(format === "jpeg" && source.hasAlpha && { output_matte: "#ffffff" }),
    },
    source.hasAlpha,
  );
  const settings = {
    emotion,
    intensity: fields.intensity,
    previewEvery: 0,
    ...(fields.region !== undefined && { region: fields.region }),
    ...(fields.category !== undefined && { category: fields.category }),
    ...(quality in STEPS_OF_QUALITY && { steps: STEPS_OF_QUALITY[quality as keyof typeof STEPS_OF_QUALITY] }),
    ...(output && { output }),
  };
  const treatment = {
    lane: "interactive",
    priority: 0,
    ...(fields.user !== undefined && { externalId: fields.user }),
  } as const;
  const edits = Array.from({ length: fields.n }, (_, index) => ({
    input: { settings: { ...settings, seed: BigInt(fields.seed + index) }, ...source },
    treatment,
  }));
  return { edits, answer: fields.response_format ?? "b64_json", format };
}

/** `image[]` becomes `image`, and OpenAI's mask (transparent = edit) becomes ours (white = edit). */
async function toOurBody({ files, ...body }: RequestBody, signal: AbortSignal): Promise<RequestBody> {
  const { image, "image[]": listed, mask } = files;
  if (image && listed)
    throw refuse("FIELD_CONFLICT", { argument: "image", expected: "one picture", got: "image and image[]" });
  const picture = image ?? listed;
  return {
    ...body,
    files: { ...(picture && { image: picture }), ...(mask && { mask: await invertAlpha(mask, signal) }) },
  };
}

async function invertAlpha(mask: UploadedFile, signal: AbortSignal): Promise<UploadedFile> {
  const { width, height, channels, data } = await decodeImage(mask.data, { signal });
  if (channels !== 4) {
    const expected = "a picture with alpha, transparent where it may change";
    throw refuse("MASK_NEEDS_ALPHA", { argument: "mask", expected, got: "a picture without alpha" });
  }
  const values = Float32Array.from({ length: width * height }, (_, pixel) => 1 - data[pixel * 4 + 3]! / 255);
  return { data: await encodeMask(createMask({ width, height }, values)), mediaType: "image/png" };
}
