import { planRequestSchema } from "../edits/edit-fields.ts";
import {
  answer,
  idempotencyKey,
  inputSchema,
  type Json,
  keyReused,
  made,
  pathParameters,
  pictureBody,
  problemAnswer,
  queryParameters,
} from "../http/describe.ts";
import "./plan-answer.ts";
import { planChangeSchema } from "./plan-change.ts";
import { planListSchema, planViewSchema } from "./plan-queries.ts";

/** Schemas that these paths name. */
export const planSchemas = ["Plan", "PlanPage", "PlanSummary"] as const;

const etag = { ETag: { schema: { type: "string" }, description: "The version." } };
const ifMatch = {
  name: "If-Match",
  in: "header",
  schema: { type: "string" },
  description: "ETag that the plan must still have.",
};
const noPlan = problemAnswer("No such plan.");
const plan = { ...answer("The plan.", "Plan"), headers: etag };
const changed = {
  200: plan,
  404: noPlan,
  409: problemAnswer("The plan is approved, or changed at the same time."),
  412: problemAnswer("The plan has another version than If-Match names."),
};

/** Plans that are kept, changed and approved before an edit. */
export function planPaths(): Json {
  return {
    "/v1/plans": {
      get: {
        operationId: "listPlans",
        summary: "List the plans, newest first.",
        parameters: queryParameters(planListSchema),
        responses: {
          200: answer("A page.", "PlanPage"),
        },
      },
      post: {
        operationId: "createPlan",
        summary: "Plan an edit without making it, and keep the plan.",
        parameters: [idempotencyKey("plan")],
        requestBody: pictureBody(planRequestSchema),
        responses: {
          200: { ...answer("The plan that the Idempotency-Key had made.", "Plan"), headers: made },
          201: { ...answer("The plan.", "Plan"), headers: made },
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
        parameters: pathParameters(),
        responses: { 204: { description: "It is gone." } },
      },
      get: {
        operationId: "getPlan",
        summary: "Read a plan.",
        parameters: [...pathParameters(), ...queryParameters(planViewSchema)],
        responses: { 200: plan, 404: noPlan },
      },
      patch: {
        operationId: "changePlan",
        summary: "Change a plan that is not approved.",
        description: "New regions get a new mask on the picture that was planned.",
        parameters: [...pathParameters(), ifMatch],
        requestBody: { required: true, content: { "application/json": { schema: inputSchema(planChangeSchema) } } },
        responses: changed,
      },
    },
    "/v1/plans/{id}:approve": {
      post: {
        operationId: "approvePlan",
        summary: "Approve a plan: it never changes again.",
        description: "Idempotent.",
        parameters: [...pathParameters(), ifMatch],
        responses: changed,
      },
    },
  };
}
