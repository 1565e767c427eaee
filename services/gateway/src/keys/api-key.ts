import { z } from "zod";
import { SCOPES, type Scope, tenantPattern } from "../tenants/identity.ts";

/** A key as it is stored: without its secret. */
export interface ApiKey {
  readonly id: string;
  readonly tenantId: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly createdAt: Date;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  readonly lastUsedAt?: Date;
  /** The key that took its place by rotation. */
  readonly replacedBy?: string;
}

const scope = z.enum(SCOPES);

/** The fields of a new key. */
export const keyRequestSchema = z.strictObject({
  name: z.string().trim().min(1).max(100).describe("What the key is for, in words."),
  scopes: z.array(scope).min(1).max(SCOPES.length).default(["read", "write"]).describe("What the key may do."),
  tenant_id: z
    .string()
    .regex(tenantPattern, { error: "expected lower-case letters, digits and dashes, at most 63" })
    .optional()
    .describe("Whose things the key reaches; only operators may name another tenant than their own."),
  expires_in_days: z.int().min(1).max(3650).default(365).describe("Days until the key ends."),
});

/** The fields of a rotation. */
export const rotationRequestSchema = z.strictObject({
  grace_seconds: z
    .int()
    .min(0)
    .max(30 * 86_400)
    .default(86_400)
    .describe("How long the old key still works."),
});

/** A key as the API shows it. */
export const apiKeySchema = z
  .object({
    id: z.string(),
    prefix: z.string().describe("How the key begins, to recognise it."),
    tenant_id: z.string(),
    name: z.string(),
    scopes: z.array(scope),
    status: z.enum(["active", "expired", "revoked"]),
    created_at: z.iso.datetime(),
    expires_at: z.iso.datetime().optional(),
    revoked_at: z.iso.datetime().optional(),
    last_used_at: z.iso.datetime().optional().describe("Exact to a minute."),
    replaced_by: z.string().optional().describe("The key that rotation put in its place."),
  })
  .meta({ id: "ApiKey", description: "An API key without its secret, which is stored only as a hash." });

export const freshKeySchema = z
  .object({ key: apiKeySchema, secret: z.string().describe("The key itself. Shown this once.") })
  .meta({ id: "FreshApiKey", description: "A new key and its secret." });

export type ApiKeyView = z.infer<typeof apiKeySchema>;

/** The key as the API shows it at the time `now`. */
export function viewKey(key: ApiKey, now = new Date()): ApiKeyView {
  const { expiresAt, revokedAt, lastUsedAt, replacedBy } = key;
  const expired = expiresAt !== undefined && expiresAt <= now;
  return {
    id: key.id,
    prefix: `mood_${key.id}`,
    tenant_id: key.tenantId,
    name: key.name,
    scopes: [...key.scopes],
    status: revokedAt ? "revoked" : expired ? "expired" : "active",
    created_at: key.createdAt.toISOString(),
    ...(expiresAt && { expires_at: expiresAt.toISOString() }),
    ...(revokedAt && { revoked_at: revokedAt.toISOString() }),
    ...(lastUsedAt && { last_used_at: lastUsedAt.toISOString() }),
    ...(replacedBy !== undefined && { replaced_by: replacedBy }),
  };
}
