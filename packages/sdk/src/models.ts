import type { components } from "./gen/schema.ts";

type Schemas = components["schemas"];

export type ApiKey = Schemas["ApiKey"];
export type AuditEvent = Schemas["AuditEvent"];
export type Edit = Schemas["Edit"];
export type Emotion = Schemas["EmotionList"]["emotions"][number];
export type FreshApiKey = Schemas["FreshApiKey"];
export type Plan = Schemas["Plan"];
export type PlanSummary = Schemas["PlanSummary"];
export type Problem = Schemas["Problem"];
export type Warning = Schemas["Warning"];
export type WebhookDelivery = Schemas["WebhookDelivery"];
export type WebhookEndpoint = Schemas["WebhookEndpoint"];
