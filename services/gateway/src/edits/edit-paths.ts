import {
  answer,
  idempotencyKey,
  type Json,
  keyReused,
  made,
  pathParameters,
  pictureBody,
  problemAnswer,
  queryParameters,
  redirect,
} from "../http/describe.ts";
import { editRequestSchema } from "./edit-fields.ts";
import { editFilterSchema } from "./edit-list.ts";
import "./job-view.ts";

/** Schemas that these paths name. */
export const editSchemas = [
  "Edit",
  "EditPage",
  "OutsideMask",
  "Progress",
  "Recipe",
  "Scores",
  "Stage",
  "Status",
  "Timings",
  "Warning",
] as const;

const edit = answer("The edit.", "Edit");
const missing = problemAnswer("No such edit, or forgotten.");

/** Edits, their results and their events. */
export function editPaths(): Json {
  return {
    "/v1/edits": {
      get: {
        operationId: "listEdits",
        summary: "List the edits, newest first.",
        parameters: queryParameters(editFilterSchema),
        responses: {
          200: { ...answer("A page.", "EditPage"), headers: { Link: { schema: { type: "string" } } } },
        },
      },
      post: {
        operationId: "createEdit",
        summary: "Start an edit.",
        description:
          "Answers 202 at once, or after the wait of `Prefer: wait=N` (at most 60 s) with the finished edit. A client that leaves while it waits cancels its edit, unless an Idempotency-Key can find it again.",
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
        requestBody: pictureBody(editRequestSchema),
        responses: {
          200: created(
            "The edit that the Idempotency-Key had started, or one that was cancelled meanwhile; it has ended.",
          ),
          201: created("The edit succeeded."),
          202: created("The edit has not ended yet."),
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
        parameters: pathParameters(),
        responses: { 200: edit, 404: missing },
      },
    },
    "/v1/edits/{id}/result": {
      get: {
        operationId: "getEditResult",
        summary: "Read the edited picture.",
        parameters: pathParameters(),
        responses: {
          200: {
            description: "The picture: upright, at the source's size.",
            content: { "image/*": { schema: { type: "string", format: "binary" } } },
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
        parameters: [
          ...pathParameters(),
          { name: "Last-Event-ID", in: "header", schema: { type: "integer", minimum: 0 } },
        ],
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
        parameters: pathParameters(),
        responses: { 200: edit, 404: missing },
      },
    },
  };
}

function created(description: string): Json {
  return { ...answer(description, "Edit"), headers: { ...made, "Preference-Applied": { schema: { type: "string" } } } };
}
