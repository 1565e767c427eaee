import { readFileSync } from "node:fs";
import { z } from "zod";
import { editFieldsSchema, planRequestSchema } from "../edits/edit-fields.ts";
import "../edits/job-view.ts";
import "../emotions/emotion-list.ts";
import "../plans/make-plan.ts";

type Json = Record<string, unknown>;

const picture = {
  type: "object",
  required: ["data"],
  additionalProperties: false,
  properties: {
    data: { type: "string", contentEncoding: "base64", description: "At most 32 MiB and 40 megapixels." },
    media_type: { type: "string", description: "The decoder looks at the bytes and ignores this." },
  },
};
/** Schemas that carry these names as `id`; the imports above register them. */
const componentNames = [
  "Edit",
  "EmotionList",
  "OutsideMask",
  "Plan",
  "PlanSummary",
  "Problem",
  "Progress",
  "Recipe",
  "Stage",
  "Status",
  "Timings",
  "Warning",
];

const file = { type: "string", format: "binary" };
const imageText = "PNG, JPEG or WebP with one frame.";
const maskText = "White = may change. The proportions of the upright picture; scaled to its size.";

/** Builds the OpenAPI document from the schemas that check the requests and shape the answers. */
export function buildOpenApi(): Json {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  return {
    openapi: "3.1.0",
    info: {
      title: "Moodifier",
      version,
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
      description: "Give a picture and an emotion; get the same picture carrying that emotion.",
    },
    paths: paths(),
    components: { schemas: components() },
  };
}

function paths(): Json {
  const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
  const edit = content("Edit");
  const missing = problem("No such edit, or forgotten.");
  return {
    "/v1/edits": {
      post: {
        operationId: "createEdit",
        summary: "Start an edit.",
        description:
          "Answers 202 at once, or after the wait of `Prefer: wait=N` (at most 60 s) with the finished edit. A client that leaves while it waits cancels its edit.",
        parameters: [
          {
            name: "Prefer",
            in: "header",
            schema: { type: "string" },
            example: "wait=30",
            description: "wait=N and respond-async of RFC 7240.",
          },
        ],
        requestBody: body(editFieldsSchema),
        responses: {
          201: { description: "The edit succeeded.", headers: created, ...edit },
          202: { description: "The edit has not ended yet.", headers: created, ...edit },
          400: problem("A field, the picture or the mask was refused."),
          413: problem("Too many bytes or pixels."),
          415: problem("Neither multipart nor JSON, or no PNG, JPEG or WebP."),
          429: problem("Too many edits wait."),
          503: problem("A model service cannot be reached; `service` says which."),
          504: problem("The edit took too long."),
        },
      },
    },
    "/v1/edits/{id}": {
      get: {
        operationId: "getEdit",
        summary: "Read an edit.",
        parameters: [id],
        responses: { 200: { description: "The edit.", ...edit }, 404: missing },
      },
    },
    "/v1/edits/{id}/result": {
      get: {
        operationId: "getEditResult",
        summary: "Read the edited picture.",
        parameters: [id],
        responses: {
          200: {
            description: "The picture: upright, sRGB, at the source's size.",
            content: { "image/png": { schema: file } },
          },
          404: missing,
          409: problem("The edit has no result, or none yet."),
        },
      },
    },
    "/v1/edits/{id}/events": {
      get: {
        operationId: "watchEdit",
        summary: "Follow an edit.",
        description:
          "`progress` events {sequence, status, stage, step, steps, percentage} from the first, or from the one after `Last-Event-ID`; before some a `preview` {step, steps, image}. The stream ends with the edit.",
        parameters: [id, { name: "Last-Event-ID", in: "header", schema: { type: "integer", minimum: 0 } }],
        responses: {
          200: { description: "Server-sent events.", content: { "text/event-stream": { schema: { type: "string" } } } },
          204: { description: "The client has seen the last event." },
          404: missing,
        },
      },
    },
    "/v1/edits/{id}:cancel": {
      post: {
        operationId: "cancelEdit",
        summary: "End an edit.",
        description: "Idempotent. An edit that has ended stays as it is.",
        parameters: [id],
        responses: { 200: { description: "The edit.", ...edit }, 404: missing },
      },
    },
    "/v1/plans": {
      post: {
        operationId: "createPlan",
        summary: "Plan an edit without making it.",
        requestBody: body(planRequestSchema),
        responses: {
          200: { description: "The plan.", ...content("Plan") },
          400: problem("A field, the picture or the mask was refused."),
          413: problem("Too many bytes or pixels."),
          415: problem("Neither multipart nor JSON, or no PNG, JPEG or WebP."),
          503: problem("The planner cannot be reached."),
        },
      },
    },
    "/v1/emotions": {
      get: {
        operationId: "listEmotions",
        summary: "List the emotions.",
        responses: { 200: { description: "The emotions.", ...content("EmotionList") } },
      },
    },
    "/healthz": {
      get: { operationId: "healthz", summary: "The process answers.", responses: { 200: { description: "It does." } } },
    },
    "/readyz": {
      get: {
        operationId: "readyz",
        summary: "The model services can be reached.",
        responses: { 200: { description: "All of them." }, 503: { description: "`down` lists those that cannot." } },
      },
    },
    "/openapi.json": {
      get: { operationId: "openapi", summary: "This document.", responses: { 200: { description: "OpenAPI 3.1." } } },
    },
  };
}

const created = {
  Location: { schema: { type: "string" }, description: "Path of the edit." },
  "Preference-Applied": { schema: { type: "string" } },
};

function content(schema: string): Json {
  return { content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function problem(description: string): Json {
  return { description, content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } } };
}

function body(fields: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(fields, { io: "input" }) as Json;
  const withPictures = (image: Json): Json => ({
    ...schema,
    properties: {
      image: { ...image, description: imageText },
      mask: { ...image, description: maskText },
      ...(schema["properties"] as Json),
    },
    required: ["image", ...((schema["required"] as string[] | undefined) ?? [])],
  });
  return {
    required: true,
    content: {
      "multipart/form-data": { schema: withPictures(file) },
      "application/json": { schema: withPictures(picture) },
    },
  };
}

/** Every schema that a name was given, with references between them. */
function components(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    componentNames.map((name) => {
      const { $schema: _dialect, $id: _id, ...schema } = schemas[name] as Json;
      return [name, schema];
    }),
  );
}
