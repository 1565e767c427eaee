import {
  answer,
  idempotencyKey,
  type Json,
  jsonBody,
  keyReused,
  pageParameters,
  pathParameters,
  problemAnswer,
  redirect,
} from "../http/describe.ts";
import "../sources/uploads.controller.ts";
import { rowStatuses } from "./batch.ts";
import "./batch-view.ts";
import { retryRequestSchema } from "./batches.controller.ts";

/** Schemas that these paths name. */
export const batchSchemas = [
  "Batch",
  "BatchList",
  "BatchOptions",
  "BatchRow",
  "BatchRowList",
  "Estimate",
  "Rendition",
  "Upload",
] as const;

const optionsExample = {
  columns: { image: "Image URL", sku: "Item" },
  defaults: { emotion: "joy", intensity: 0.7 },
  output: {
    to: "s3://shop-pictures/joy",
    name: "{sku}_{position:02}.{ext}",
    renditions: [{ format: "jpeg", width: 1600, height: 1600, fit: "contain", max_bytes: 1_950_000, icc: "srgb" }],
  },
};
const missing = problemAnswer("No such batch.");
const file = { type: "string", format: "binary" };

/** Batches and uploads. */
export function batchPaths(): Json {
  return { ...collectionPaths(), ...rowPaths(), ...commandPaths(), ...uploadPaths() };
}

function collectionPaths(): Json {
  const options = { $ref: "#/components/schemas/BatchOptions" };
  return {
    "/v1/batches": {
      get: {
        operationId: "listBatches",
        summary: "List the batches, newest first.",
        parameters: pageParameters,
        responses: { 200: answer("A page.", "BatchList") },
      },
      post: {
        operationId: "createBatch",
        summary: "Check a manifest and run its rows.",
        description:
          "Every row is checked and every file is named before anything runs. With dry_run only the first good row runs and the rest is estimated. Fields of a row: id, image, mask, sku, variant, position and those of an edit.",
        parameters: [
          { name: "Prefer", in: "header", schema: { type: "string" }, example: "wait=30", description: "wait=N." },
          idempotencyKey("batch"),
        ],
        requestBody: {
          required: true,
          content: {
            "multipart/form-data": {
              schema: {
                type: "object",
                properties: {
                  manifest: { ...file, description: "CSV or JSON lines; without options.source." },
                  options: { type: "string", contentMediaType: "application/json", contentSchema: options },
                },
              },
              encoding: { options: { contentType: "application/json" } },
            },
            "application/json": {
              schema: {
                type: "object",
                additionalProperties: false,
                properties: {
                  manifest: {
                    type: "object",
                    required: ["data"],
                    additionalProperties: false,
                    properties: {
                      data: { type: "string", contentEncoding: "base64" },
                      media_type: { type: "string" },
                    },
                  },
                  options,
                },
              },
              example: { manifest: { data: "aW1hZ2UsZW1vdGlvbgo=" }, options: optionsExample },
            },
          },
        },
        responses: {
          201: answer("The batch has ended.", "Batch"),
          202: answer("The batch runs.", "Batch"),
          400: problemAnswer("An option, the manifest, or a file's name was refused; `errors` lists the faults."),
          404: problemAnswer("No such plan."),
          409: problemAnswer("The output can't be used."),
          422: keyReused,
          429: problemAnswer("The rate limit is reached."),
          503: problemAnswer("The output can't be reached."),
        },
      },
    },
    "/v1/batches/{id}": {
      get: {
        operationId: "getBatch",
        summary: "Read a batch.",
        parameters: pathParameters(),
        responses: { 200: answer("The batch.", "Batch"), 404: missing },
      },
    },
  };
}

function rowPaths(): Json {
  const index = { name: "index", in: "path", required: true, schema: { type: "integer", minimum: 0 } };
  return {
    "/v1/batches/{id}/rows": {
      get: {
        operationId: "listBatchRows",
        summary: "List the rows in the manifest's order.",
        parameters: [
          ...pathParameters(),
          ...pageParameters,
          {
            name: "status",
            in: "query",
            schema: { type: "string" },
            example: "failed",
            description: `Some of ${rowStatuses.join(",")}.`,
          },
        ],
        responses: {
          200: answer("A page.", "BatchRowList"),
          404: missing,
        },
      },
    },
    "/v1/batches/{id}/rows/{index}/files/{file}": {
      get: {
        operationId: "getBatchFile",
        summary: "Read a file of a row that is in the gateway's storage.",
        parameters: [...pathParameters(), index, { ...index, name: "file" }],
        responses: {
          200: { description: "The file.", content: { "image/*": { schema: file } } },
          307: redirect,
          400: problemAnswer("An index was refused."),
          404: problemAnswer("No such batch, row or file."),
          409: problemAnswer("The file was written elsewhere."),
        },
      },
    },
    "/v1/batches/{id}/manifest": {
      get: {
        operationId: "getBatchManifest",
        summary: "Read the manifest with what became of each row.",
        description: "The columns of the input, then status, url, sha256, seed, scores and error.",
        parameters: [
          ...pathParameters(),
          { name: "format", in: "query", schema: { type: "string", enum: ["csv", "jsonl"], default: "csv" } },
        ],
        responses: {
          200: {
            description: "CSV or JSON lines.",
            content: {
              "text/csv": { schema: { type: "string" } },
              "application/jsonl": { schema: { type: "string" } },
            },
          },
          404: missing,
        },
      },
    },
    "/v1/batches/{id}/events": {
      get: {
        operationId: "watchBatch",
        summary: "Follow a batch.",
        description:
          "A `row` event for each row that has ended, from the first or from the one after `Last-Event-ID`, and `progress` events {status, sequence, total, pending, running, succeeded, failed, cancelled}. The stream ends with the batch.",
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
  };
}

function commandPaths(): Json {
  return {
    "/v1/batches/{id}:cancel": {
      post: {
        operationId: "cancelBatch",
        summary: "End all rows that haven't ended.",
        description: "Idempotent.",
        parameters: pathParameters(),
        responses: { 200: answer("The batch.", "Batch"), 404: missing },
      },
    },
    "/v1/batches/{id}:retry": {
      post: {
        operationId: "retryBatch",
        summary: "Run failed rows again, or cancelled ones: that resumes a cancelled batch.",
        parameters: pathParameters(),
        requestBody: jsonBody(retryRequestSchema, { statuses: ["failed"] }, false),
        responses: {
          202: answer("The batch.", "Batch"),
          400: problemAnswer("A field was refused."),
          404: missing,
        },
      },
    },
  };
}

function uploadPaths(): Json {
  const pictures = Object.fromEntries(
    ["image/png", "image/jpeg", "image/webp"].map((type) => [type, { schema: file }]),
  );
  return {
    "/v1/uploads": {
      post: {
        operationId: "createUpload",
        summary: "Send a picture for later use.",
        description: "The body is the file itself, at most 32 MiB.",
        parameters: [idempotencyKey("upload")],
        requestBody: { required: true, content: pictures },
        responses: {
          200: answer("The upload that the Idempotency-Key had made.", "Upload"),
          201: answer("The upload.", "Upload"),
          400: problemAnswer("The body is empty or too large."),
          415: problemAnswer("No PNG, JPEG or WebP."),
          422: keyReused,
          429: problemAnswer("The rate limit is reached."),
          503: problemAnswer("The storage is full or can't be reached."),
        },
      },
    },
    "/v1/uploads/{id}": {
      get: {
        operationId: "getUpload",
        summary: "Read what is known of an upload.",
        parameters: pathParameters(),
        responses: {
          200: answer("The upload.", "Upload"),
          404: problemAnswer("No such upload, or expired."),
        },
      },
    },
  };
}
