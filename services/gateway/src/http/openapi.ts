import { readFileSync } from "node:fs";
import { z } from "zod";
import { batchPaths, batchSchemas } from "../batches/batch-paths.ts";
import { editPaths, editSchemas } from "../edits/edit-paths.ts";
import "../emotions/emotion-list.ts";
import { imagePaths, imageSchemas } from "../openai/image-paths.ts";
import { planPaths, planSchemas } from "../plans/plan-paths.ts";
import { securitySchemes, tenantPaths, tenantSchemas } from "../tenants/tenant-paths.ts";
import { addCommonAnswers } from "./common-answers.ts";
import { answer, type Json } from "./describe.ts";
import { addExamples } from "./openapi-examples.ts";

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
    paths: addExamples(
      addCommonAnswers({
        ...editPaths(),
        ...planPaths(),
        ...serverPaths(),
        ...batchPaths(),
        ...imagePaths(),
        ...tenantPaths(),
      }),
    ),
    components: { securitySchemes, schemas: components() },
  };
}

function serverPaths(): Json {
  return {
    "/v1/emotions": {
      get: {
        operationId: "listEmotions",
        summary: "List the emotions.",
        responses: { 200: answer("The emotions.", "EmotionList") },
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

/** Every schema that a name was given, with references between them. */
function components(): Json {
  const { schemas } = z.toJSONSchema(z.globalRegistry, { uri: (id) => `#/components/schemas/${id}` });
  return Object.fromEntries(
    ["EmotionList", "Problem", ...editSchemas, ...planSchemas, ...batchSchemas, ...imageSchemas, ...tenantSchemas]
      .toSorted()
      .map((name) => {
        const { $schema: _dialect, $id: _id, ...schema } = schemas[name] as Json;
        return [name, schema];
      }),
  );
}
