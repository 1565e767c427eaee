/** A typed client of the gateway; its types are generated from openapi.json. */
export { type ClientOptions, createMoodifierClient, type MoodifierClient } from "./client.ts";
export { FINAL_STATUSES, followEdit, type ProgressEvent, watchEdit } from "./edit-events.ts";
export { MoodifierError, UnreachableError } from "./moodifier-error.ts";
export type {
  ApiKey,
  AuditEvent,
  Edit,
  Emotion,
  FreshApiKey,
  Plan,
  PlanSummary,
  Problem,
  Warning,
  WebhookDelivery,
  WebhookEndpoint,
} from "./models.ts";
export type { components, operations, paths } from "./gen/schema.ts";
