import { readFileSync } from "node:fs";
import { z } from "zod";
import { batchPaths, batchSchemas } from "../batches/batch-paths.ts";
import { editRequestSchema, planRequestSchema } from "../edits/edit-fields.ts";
import { editFilterSchema } from "../edits/edit-list.ts";
import "../edits/job-view.ts";
import "../emotions/emotion-list.ts";
import "../plans/plan-answer.ts";
import { planChangeSchema } from "../plans/plan-change.ts";
import { imagePaths, imageSchemas } from "../openai/image-paths.ts";
import { addCommonAnswers } from "./common-answers.ts";
import { idempotencyKey, keyReused, problemAnswer, redirect } from "./describe.ts";
import { addExamples } from "./openapi-examples.ts";
import { planListSchema, planViewSchema } from "../plans/plan-queries.ts";
import { securitySchemes, tenantPaths, tenantSchemas } from "../tenants/tenant-paths.ts";

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
  "EditPage",
  "EmotionList",
  "OutsideMask",
  "Plan",
  "PlanPage",
  "PlanSummary",
  "Problem",
  "Progress",
  "Recipe",
  "Scores",
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
    security: [{ key: [] }, {}],
    paths: addExamples(addCommonAnswers({ ...paths(), ...batchPaths(), ...imagePaths(), ...tenantPaths() })),
    components: { securitySchemes, schemas: components() },
  };
}

function paths(): Json {
  const id = { name: "id", in: "path", required: true, schema: { type: "string" } };
  const edit = content("Edit");
  const missing = problemAnswer("No such edit, or forgotten.");
  const plan = content("Plan");
  const noPlan = problemAnswer("No such plan.");
  const etag = { ETag: { schema: { type: "string" }, description: "The version." } };
  const ifMatch = {
    name: "If-Match",
    in: "header",
    schema: { type: "string" },
    description: "ETag that the plan must still have.",
  };
  const planFaults = {
    404: noPlan,
    409: problemAnswer("The plan is approved, or changed at the same time."),
    412: problemAnswer("The plan has another version than If-Match names."),
  };
  return {
    "/v1/edits": {
      get: {
        operationId: "listEdits",
        summary: "List the edits, newest first.",
        parameters: query(editFilterSchema),
        responses: {
          200: { description: "A page.", headers: { Link: { schema: { type: "string" } } }, ...content("EditPage") },
        },
      },
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
          idempotencyKey("edit"),
        ],
        requestBody: body(editRequestSchema),
        responses: {
          200: {
            description: "The edit that the Idempotency-Key had started; it has ended.",
            headers: created,
            ...edit,
          },
          201: { description: "The edit succeeded.", headers: created, ...edit },
          202: { description: "The edit has not ended yet.", headers: created, ...edit },
          400: problemAnswer("A field, the picture or the mask was refused."),
          404: problemAnswer("No such plan."),
          422: keyReused,
          429: problemAnswer("Too many edits wait, or the rate limit is reached."),
          503: problemAnswer("A model service cannot be reached; `service` says which."),
          504: problemAnswer("The edit took too long."),
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
            description: "The picture: upright, at the source's size.",
            content: { "image/*": { schema: file } },
          },
          307: redirect,
          404: missing,
          409: problemAnswer("The edit has no result, or none yet."),
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
      get: {
        operationId: "listPlans",
        summary: "List the plans, newest first.",
        parameters: query(planListSchema),
        responses: {
          200: { description: "A page.", ...content("PlanPage") },
        },
      },
      post: {
        operationId: "createPlan",
        summary: "Plan an edit without making it, and keep the plan.",
        parameters: [idempotencyKey("plan")],
        requestBody: body(planRequestSchema),
        responses: {
          200: { description: "The plan that the Idempotency-Key had made.", headers: planned, ...plan },
          201: { description: "The plan.", headers: planned, ...plan },
          400: problemAnswer("A field, the picture or the mask was refused."),
          422: keyReused,
          429: problemAnswer("The rate limit is reached."),
          503: problemAnswer("The planner cannot be reached."),
        },
      },
    },
    "/v1/plans/{id}": {
      delete: {
        operationId: "deletePlan",
        summary: "Forget a plan.",
        parameters: [id],
        responses: { 204: { description: "It is gone." } },
      },
      get: {
        operationId: "getPlan",
        summary: "Read a plan.",
        parameters: [id, ...query(planViewSchema)],
        responses: { 200: { description: "The plan.", headers: etag, ...plan }, 404: noPlan },
      },
      patch: {
        operationId: "changePlan",
        summary: "Change a plan that is not approved.",
        description: "New regions get a new mask on the picture that was planned.",
        parameters: [id, ifMatch],
        requestBody: { required: true, content: { "application/json": { schema: inputSchema(planChangeSchema) } } },
        responses: { 200: { description: "The plan.", headers: etag, ...plan }, ...planFaults },
      },
    },
    "/v1/plans/{id}:approve": {
      post: {
        operationId: "approvePlan",
        summary: "Approve a plan: it never changes again.",
        description: "Idempotent.",
        parameters: [id, ifMatch],
        responses: { 200: { description: "The plan.", headers: etag, ...plan }, ...planFaults },
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

const rateFields = {
  "RateLimit-Policy": { schema: { type: "string" }, description: "Quotas of requests and megapixel-steps, where set." },
  RateLimit: { schema: { type: "string" }, description: "What is left of them, and the seconds until they are new." },
};

const planned = {
  ...rateFields,
  "Idempotency-Replayed": { schema: { type: "string", enum: ["true"] }, description: "It was there already." },
  Location: { schema: { type: "string" }, description: "Its path." },
};
const created = {
  ...planned,
  "Preference-Applied": { schema: { type: "string" } },
};

function content(schema: string): Json {
  return { content: { "application/json": { schema: { $ref: `#/components/schemas/${schema}` } } } };
}

function inputSchema(fields: z.ZodType): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(fields, { io: "input" }) as Json;
  return schema;
}

/** The parameters of a query. */
function query(fields: z.ZodObject): Json[] {
  const { properties } = inputSchema(fields) as { properties: Record<string, Json> };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: "query",
    schema,
    ...(description !== undefined && { description }),
  }));
}

function body(fields: z.ZodType): Json {
  const schema = inputSchema(fields);
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
    [...componentNames, ...batchSchemas, ...imageSchemas, ...tenantSchemas].toSorted().map((name) => {
      const { $schema: _dialect, $id: _id, ...schema } = schemas[name] as Json;
      return [name, schema];
    }),
  );
}
