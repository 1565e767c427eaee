import { z } from "zod";

/** Events that an endpoint may choose. `ping` comes on request only. */
export const EVENT_TYPES = [
  "edit.succeeded",
  "edit.failed",
  "edit.cancelled",
  "edit.expired",
  "edit.input_moderated",
  "edit.output_moderated",
  "batch.finished",
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

/** An address that wants to be told, without its secret. */
export interface Endpoint {
  readonly id: string;
  readonly tenantId: string;
  readonly url: string;
  readonly description: string;
  /** Empty means all. */
  readonly events: readonly EventType[];
  readonly createdAt: Date;
  readonly disabledAt?: Date;
  readonly disabledReason?: string;
}

export const deliveryStates = ["pending", "succeeded", "failed"] as const;
export type DeliveryStatus = (typeof deliveryStates)[number];

const attemptSchema = z.object({
  at: z.string().describe("When it began."),
  status: z.int().nullable().describe("HTTP status; null when no answer came."),
  reason: z.string().nullable().describe("Why the attempt failed, as a constant."),
  duration_ms: z.int(),
});
export type DeliveryAttempt = z.infer<typeof attemptSchema>;

/** One message to one endpoint. */
export interface Delivery {
  readonly id: string;
  readonly messageId: string;
  readonly type: string;
  readonly status: DeliveryStatus;
  readonly createdAt: Date;
  readonly nextAt?: Date;
  readonly finishedAt?: Date;
  readonly attempts: readonly DeliveryAttempt[];
}

/** The fields of a new endpoint. */
export const endpointRequestSchema = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .describe("Where messages are posted: https and a public address."),
  description: z.string().max(200).default(""),
  events: z
    .array(z.enum(EVENT_TYPES))
    .max(EVENT_TYPES.length)
    .default([])
    .describe("Event types to send; none means all."),
});

export const endpointSchema = z
  .object({
    id: z.string(),
    url: z.string(),
    description: z.string(),
    events: z.array(z.enum(EVENT_TYPES)),
    enabled: z.boolean().describe("False after the receiver answered 410 Gone; what happens meanwhile waits."),
    disabled_reason: z.string().optional(),
    created_at: z.iso.datetime(),
  })
  .meta({ id: "WebhookEndpoint" });

export const freshEndpointSchema = z
  .object({ endpoint: endpointSchema, secret: z.string().describe("whsec_ and base64. Shown this once.") })
  .meta({ id: "FreshWebhookEndpoint" });

export const deliverySchema = z
  .object({
    id: z.string(),
    message_id: z.string().describe("webhook-id of the message: equal in every attempt and replay."),
    type: z.string(),
    status: z.enum(deliveryStates),
    created_at: z.iso.datetime(),
    next_attempt_at: z.iso.datetime().optional(),
    finished_at: z.iso.datetime().optional(),
    attempts: z.array(attemptSchema),
  })
  .meta({ id: "WebhookDelivery" });

export function viewEndpoint({
  id,
  url,
  description,
  events,
  createdAt,
  disabledAt,
  disabledReason,
}: Endpoint): z.infer<typeof endpointSchema> {
  return {
    id,
    url,
    description,
    events: [...events],
    enabled: disabledAt === undefined,
    ...(disabledReason !== undefined && { disabled_reason: disabledReason }),
    created_at: createdAt.toISOString(),
  };
}

export function viewDelivery({
  id,
  messageId,
  type,
  status,
  createdAt,
  nextAt,
  finishedAt,
  attempts,
}: Delivery): z.infer<typeof deliverySchema> {
  return {
    id,
    message_id: messageId,
    type,
    status,
    created_at: createdAt.toISOString(),
    ...(nextAt && { next_attempt_at: nextAt.toISOString() }),
    ...(finishedAt && { finished_at: finishedAt.toISOString() }),
    attempts: [...attempts],
  };
}
