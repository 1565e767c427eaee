import { z } from "zod";
import { answer, idempotencyKey, type Json, problemAnswer } from "../http/describe.ts";
import { imageEditFieldsSchema } from "./image-edit-fields.ts";

/** Schemas that these paths name. */
export const imageSchemas = ["ImagesResponse", "OpenAiError"] as const;

/** What OpenAI's clients call. */
export function imagePaths(): Json {
  const { $schema: _dialect, ...fields } = z.toJSONSchema(imageEditFieldsSchema, { io: "input" }) as Json;
  const file = { type: "string", format: "binary" };
  const schema = {
    ...fields,
    properties: {
      image: { ...file, description: "PNG, JPEG or WebP; may be called image[]." },
      mask: { ...file, description: "PNG with alpha, transparent where the picture may change." },
      ...(fields["properties"] as Json),
    },
    required: ["image", "prompt"],
  };
  const refused = inBothForms("A field or the picture was refused.", {
    error: {
      message:
        "prompt: expected the name of an emotion in it (GET /v1/emotions), or the field emotion, got none that is known.",
      type: "invalid_request_error",
      param: "prompt",
      code: "EMOTION_MISSING",
    },
  });
  return {
    "/v1/images/edits": {
      post: {
        operationId: "createImageEdit",
        summary: "Edit a picture as OpenAI's clients ask for it.",
        description:
          "The same edits as /v1/edits, waited for; problems have OpenAI's form. The emotion is the one that the prompt names, or the field `emotion`. Fields of OpenAI's API that mean nothing here are refused.",
        parameters: [idempotencyKey("pictures")],
        requestBody: { required: true, content: { "multipart/form-data": { schema } } },
        responses: {
          200: answer("The pictures.", "ImagesResponse", {
            created: 1_768_469_400,
            data: [{ b64_json: "iVBORw0KGgo=" }],
            output_format: "png",
          }),
          400: refused,
          413: refused,
          415: refused,
          503: refused,
          default: refused,
        },
      },
    },
  };
}

/** What went wrong with the edit has OpenAI's form; what is refused before a route is reached, such as a key, is a problem as everywhere. */
function inBothForms(description: string, example: unknown): Json {
  const [own, common] = [answer(description, "OpenAiError", example), problemAnswer(description)];
  return { description, content: { ...(own["content"] as Json), ...(common["content"] as Json) } };
}
