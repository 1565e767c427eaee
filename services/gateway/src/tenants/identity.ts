import type { Request } from "express";
import { MoodError } from "@moodifier/service-kit";

/**
 * What a caller may do: `read` everything of its tenant, `write` (start and cancel work), `webhooks` (manage endpoints), `admin` (keys and audit log
 * of its tenant), `operator` (the same for every tenant).
 */
export const SCOPES = ["read", "write", "webhooks", "admin", "operator"] as const;
export type Scope = (typeof SCOPES)[number];

/** Who makes a request; every query on a tenant's things takes its `tenantId`. */
export interface Identity {
  readonly tenantId: string;
  /** The API key's id, `jwt:` and the token's subject, or "anonymous". */
  readonly keyId: string;
  readonly scopes: readonly Scope[];
}

/** The tenant of everything while authentication is off. */
export const DEFAULT_TENANT = "default";

/** The caller while authentication is off. */
export const ANONYMOUS: Identity = { tenantId: DEFAULT_TENANT, keyId: "anonymous", scopes: SCOPES };

/** A tenant id: it appears in paths and log lines. */
export const tenantPattern = /^[a-z0-9][a-z0-9-]{0,62}$/;

const identities = new WeakMap<object, Identity>();

/** The guard calls this once for each request. */
export function setIdentity(request: Request, identity: Identity): void {
  identities.set(request, identity);
}

/** Who makes this request. Throws INTERNAL when no guard has looked at it, so that a route without one answers nothing. */
export function identityOf(request: Request): Identity {
  const identity = identities.get(request);
  if (identity) return identity;
  throw new MoodError("INTERNAL", "IDENTITY_MISSING", "the request has not passed the guard");
}

/** Who makes this request, if the guard has let it pass. */
export function knownIdentity(request: Request): Identity | undefined {
  return identities.get(request);
}
