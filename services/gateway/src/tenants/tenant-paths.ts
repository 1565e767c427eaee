import { keyRequestSchema, rotationRequestSchema } from "../keys/api-key.ts";
import "../keys/keys.controller.ts";
import "../audit/audit.controller.ts";
import { answer, type Json, jsonBody, pageParameters, pathParameters, problemAnswer } from "../http/describe.ts";
import { deliveryStates, endpointRequestSchema } from "../webhooks/webhook.ts";
import "../webhooks/webhooks.controller.ts";

/** Schemas that these paths name. */
export const tenantSchemas = [
  "ApiKey",
  "ApiKeyList",
  "AuditEvent",
  "AuditEventList",
  "FreshApiKey",
  "FreshWebhookEndpoint",
  "WebhookDelivery",
  "WebhookDeliveryList",
  "WebhookEndpoint",
  "WebhookEndpointList",
  "WebhookRecovery",
] as const;

/** How keys and tokens are sent. */
export const securitySchemes = {
  key: {
    type: "http",
    scheme: "bearer",
    description:
      "An API key (mood_...) or, where an issuer is configured, its access token. Not needed while authentication is off.",
  },
};

const keyExample = {
  id: "8f14e45fceea167a",
  prefix: "mood_8f14e45fceea167a",
  tenant_id: "acme",
  name: "catalogue import",
  scopes: ["read", "write"],
  status: "active",
  created_at: "2026-01-15T09:30:00.000Z",
  expires_at: "2027-01-15T09:30:00.000Z",
};
const endpointExample = {
  id: "we_1679091c5a880faf",
  url: "https://shop.example/hooks/moodifier",
  description: "asset pipeline",
  events: ["edit.succeeded", "edit.failed"],
  enabled: true,
  created_at: "2026-01-15T09:30:00.000Z",
};

/** Keys, the audit log and webhooks. */
export function tenantPaths(): Json {
  return { ...keyPaths(), ...auditPaths(), ...webhookPaths(), ...deliveryPaths() };
}

function keyPaths(): Json {
  const noKey = problemAnswer("No such key in the caller's reach.");
  const fresh = answer("The key and, this once, its secret.", "FreshApiKey", {
    key: keyExample,
    secret: "mood_8f14e45fceea167a_...",
  });
  return {
    "/v1/keys": {
      get: {
        operationId: "listKeys",
        summary: "List API keys, newest first.",
        description: "Needs `admin`; an operator sees every tenant's.",
        parameters: pageParameters,
        responses: { 200: answer("A page.", "ApiKeyList", { keys: [keyExample] }) },
      },
      post: {
        operationId: "createKey",
        summary: "Make an API key.",
        description:
          "Needs `admin`. Nobody can give away a scope that they lack; only an operator names another tenant.",
        requestBody: jsonBody(keyRequestSchema, {
          name: "catalogue import",
          scopes: ["read", "write"],
          expires_in_days: 365,
        }),
        responses: { 201: fresh },
      },
    },
    "/v1/keys/{id}": {
      get: {
        operationId: "getKey",
        summary: "Read an API key, without its secret.",
        parameters: pathParameters(),
        responses: { 200: answer("The key.", "ApiKey", keyExample), 404: noKey },
      },
    },
    "/v1/keys/{id}:rotate": {
      post: {
        operationId: "rotateKey",
        summary: "Put a new key in the place of one.",
        description: "The old one still works for `grace_seconds`.",
        parameters: pathParameters(),
        requestBody: jsonBody(rotationRequestSchema, { grace_seconds: 3600 }, false),
        responses: { 201: fresh, 404: noKey, 409: problemAnswer("The key is not active.") },
      },
    },
    "/v1/keys/{id}:revoke": {
      post: {
        operationId: "revokeKey",
        summary: "End a key at once.",
        description: "Idempotent.",
        parameters: pathParameters(),
        responses: { 200: answer("The key.", "ApiKey", { ...keyExample, status: "revoked" }), 404: noKey },
      },
    },
  };
}

function auditPaths(): Json {
  const event = {
    id: "42",
    at: "2026-01-15T09:30:00.000Z",
    tenant_id: "acme",
    key_id: "8f14e45fceea167a",
    action: "POST /v1/edits",
    target: "/v1/edits",
    status: 202,
    request_id: "0b0f5f6e-0000-4000-8000-000000000000",
  };
  return {
    "/v1/audit": {
      get: {
        operationId: "listAuditEvents",
        summary: "List what was changed in the caller's tenant, newest first.",
        description: "Needs `admin`.",
        parameters: pageParameters,
        responses: { 200: answer("A page.", "AuditEventList", { events: [event] }) },
      },
    },
  };
}

function webhookPaths(): Json {
  const missing = problemAnswer("No such endpoint.");
  const endpoint = (text: string) => answer(text, "WebhookEndpoint", endpointExample);
  const fresh = answer("The endpoint and, this once, its secret.", "FreshWebhookEndpoint", {
    endpoint: endpointExample,
    secret: "whsec_...",
  });
  const action = (operationId: string, summary: string, responses: Json) => ({
    post: {
      operationId,
      summary,
      parameters: pathParameters(),
      responses: { ...responses, 404: missing },
    },
  });
  return {
    "/v1/webhooks": {
      get: {
        operationId: "listWebhooks",
        summary: "List webhook endpoints, newest first.",
        parameters: pageParameters,
        responses: { 200: answer("A page.", "WebhookEndpointList", { endpoints: [endpointExample] }) },
      },
      post: {
        operationId: "createWebhook",
        summary: "Make a webhook endpoint.",
        description:
          "Needs `webhooks`, as everything under this path. Messages follow Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature` (v1). Only 2xx counts; no redirect is followed; 410 disables the endpoint; ten attempts over three days. Messages may come twice or out of order: `webhook-id` and `data.sequence` tell.",
        requestBody: jsonBody(endpointRequestSchema, { url: endpointExample.url, events: endpointExample.events }),
        responses: {
          201: fresh,
          400: problemAnswer("A field was refused, or the address is not public."),
        },
      },
    },
    "/v1/webhooks/{id}": {
      get: {
        operationId: "getWebhook",
        summary: "Read a webhook endpoint.",
        parameters: pathParameters(),
        responses: { 200: endpoint("The endpoint."), 404: missing },
      },
      delete: {
        operationId: "deleteWebhook",
        summary: "Forget a webhook endpoint and its deliveries.",
        parameters: pathParameters(),
        responses: { 204: { description: "Done." }, 404: missing },
      },
    },
    "/v1/webhooks/{id}:enable": action("enableWebhook", "Send again to an endpoint that had answered 410 Gone.", {
      200: endpoint("The endpoint."),
    }),
    "/v1/webhooks/{id}:rotate-secret": action(
      "rotateWebhookSecret",
      "A new secret; for a day messages are signed with both.",
      { 200: fresh },
    ),
    "/v1/webhooks/{id}:ping": action("pingWebhook", "Send a ping.", { 202: endpoint("It is queued.") }),
    "/v1/webhooks/{id}:recover": action(
      "recoverWebhook",
      "Send everything now that has been tried and has not arrived.",
      {
        202: answer("They are queued.", "WebhookRecovery", { queued: 3 }),
      },
    ),
  };
}

function deliveryPaths(): Json {
  const status = { name: "status", in: "query", schema: { type: "string", enum: deliveryStates } };
  const delivery = {
    id: "7",
    message_id: "msg_c9f0f895fb98ab9159f51fd0297e236d",
    type: "edit.succeeded",
    status: "succeeded",
    created_at: "2026-01-15T09:30:00.000Z",
    finished_at: "2026-01-15T09:30:01.000Z",
    attempts: [{ at: "2026-01-15T09:30:00.800Z", status: 200, reason: null, duration_ms: 120 }],
  };
  return {
    "/v1/webhooks/{id}/deliveries": {
      get: {
        operationId: "listWebhookDeliveries",
        summary:
          "List an endpoint's deliveries and their attempts, newest first; they are kept for 30 days after their end.",
        parameters: [...pathParameters(), ...pageParameters, status],
        responses: {
          200: answer("A page.", "WebhookDeliveryList", { deliveries: [delivery] }),
          404: problemAnswer("No such endpoint."),
        },
      },
    },
    "/v1/webhooks/{id}/deliveries/{delivery}:replay": {
      post: {
        operationId: "replayWebhookDelivery",
        summary: "Send a delivery again, under its message id.",
        parameters: pathParameters("delivery"),
        responses: {
          202: answer("It is queued.", "WebhookEndpoint", endpointExample),
          404: problemAnswer("No such endpoint or delivery."),
        },
      },
    },
  };
}
