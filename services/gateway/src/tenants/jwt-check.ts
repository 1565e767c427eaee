import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { MoodError } from "@moodifier/service-kit";
import { refusedToken, type TokenCheck } from "./authenticator.ts";
import { type Identity, type Scope, SCOPES, tenantPattern } from "./identity.ts";

/** Signature algorithms that may be pinned: asymmetric ones only, so that no public key can be taken for a shared secret. */
export const JWT_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;

/** Whose tokens are taken. */
export interface JwtSettings {
  /** Exact `iss`. */
  readonly issuer: string;
  /** Value that `aud` must hold. */
  readonly audience: string;
  /** Where the issuer's public keys are (RFC 7517). */
  readonly jwksUrl: string;
  readonly algorithms: readonly string[];
  /** Claim that names the tenant. */
  readonly tenantClaim: string;
  /** Claim with the scopes: text with blanks between, or a list. Prefix "moodifier:" is dropped. */
  readonly scopeClaim: string;
}

/** Longest wait for the issuer's keys, in milliseconds. */
const jwksTimeoutMs = 5000;
/** How far clocks may differ, in seconds. */
const clockToleranceS = 30;

/** Takes OIDC access tokens (RFC 9068 in spirit): signature by a pinned algorithm, issuer, audience, expiry, subject and tenant are all required. */
export function jwtCheck(settings: JwtSettings): TokenCheck {
  const { issuer, audience, algorithms } = settings;
  const keys = createRemoteJWKSet(new URL(settings.jwksUrl), { timeoutDuration: jwksTimeoutMs });
  return async (token) => {
    if (token.split(".").length !== 3) return undefined;
    let payload: JWTPayload;
    try {
      const options = { issuer, audience, algorithms: [...algorithms], requiredClaims: ["exp", "sub"] };
      ({ payload } = await jwtVerify(token, keys, { ...options, clockTolerance: clockToleranceS }));
    } catch (error) {
      throw explain(token, error);
    }
    return toIdentity(payload, settings) ?? Promise.reject(refusedToken(token));
  };
}

/** What is wrong with the token is the caller's fault; keys that can't be fetched are not. */
function explain(token: string, error: unknown): MoodError {
  const refused =
    error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout) && error.code !== "ERR_JOSE_GENERIC";
  if (refused) return refusedToken(token);
  return new MoodError("UNAVAILABLE", "ISSUER_UNAVAILABLE", "The token issuer's keys can't be fetched.", {
    cause: error,
    details: { retryAfterSeconds: 5 },
  });
}

function toIdentity(payload: JWTPayload, { tenantClaim, scopeClaim }: JwtSettings): Identity | undefined {
  const tenantId = payload[tenantClaim];
  if (typeof tenantId !== "string" || !tenantPattern.test(tenantId)) return undefined;
  return { tenantId, keyId: `jwt:${String(payload.sub).slice(0, 100)}`, scopes: readScopes(payload[scopeClaim]) };
}

/** A token never makes an operator: who may rule over all tenants is said by this installation, not by an issuer. */
function readScopes(claim: unknown): Scope[] {
  const names = typeof claim === "string" ? claim.split(" ") : Array.isArray(claim) ? claim.map(String) : [];
  const plain = new Set(names.map((name) => name.replace(/^moodifier:/, "")));
  return SCOPES.filter((scope) => scope !== "operator" && plain.has(scope));
}
