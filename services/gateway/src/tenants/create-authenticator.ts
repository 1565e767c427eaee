import { isIP } from "node:net";
import { MoodError } from "@moodifier/service-kit";
import type { Database } from "../database/database.ts";
import { keyCheck } from "../keys/key-check.ts";
import { KeyStore } from "../keys/key-store.ts";
import { operatorKeyCheck } from "../keys/operator-keys.ts";
import type { AuthSettings } from "./auth-config.ts";
import { type Authenticator, bearerAuthenticator, openAuthenticator } from "./authenticator.ts";
import { jwtCheck } from "./jwt-check.ts";

/**
 * The authenticator that the settings ask for.
 * @throws MoodError as {@link checkAuthSettings}.
 */
export function createAuthenticator(settings: BoundSettings, database: Database): Authenticator {
  checkAuthSettings(settings);
  if (settings.auth === "off") return openAuthenticator;
  const checks = [operatorKeyCheck(settings.operatorKeys ?? new Map()), keyCheck(new KeyStore(database))];
  if (settings.auth === "jwt") checks.push(jwtCheck(requireJwt(settings)));
  return bearerAuthenticator(checks);
}

type BoundSettings = AuthSettings & { readonly host: string };

/** @throws MoodError INVALID_ARGUMENT (CONFIG_INVALID) when authentication is off where others could reach it, or a setting of jwt is missing. */
export function checkAuthSettings(settings: BoundSettings): void {
  const { auth, host, allowAnonymous } = settings;
  if (auth === "jwt") requireJwt(settings);
  if (auth !== "off" || isLoopback(host) || allowAnonymous) return;
  throw invalid(
    `MOODIFIER_AUTH: expected keys or jwt when MOODIFIER_HOST is ${host}, got off; MOODIFIER_ALLOW_ANONYMOUS=true opens the gateway to everybody`,
  );
}

function requireJwt({ jwtIssuer, jwtAudience, jwtJwksUrl, ...rest }: AuthSettings) {
  if (jwtIssuer === undefined || jwtAudience === undefined || jwtJwksUrl === undefined) {
    throw invalid(
      "MOODIFIER_AUTH=jwt: expected MOODIFIER_JWT_ISSUER, MOODIFIER_JWT_AUDIENCE and MOODIFIER_JWT_JWKS_URL, got not all of them",
    );
  }
  const { jwtAlgorithms: algorithms, jwtTenantClaim: tenantClaim, jwtScopeClaim: scopeClaim } = rest;
  return { issuer: jwtIssuer, audience: jwtAudience, jwksUrl: jwtJwksUrl, algorithms, tenantClaim, scopeClaim };
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function invalid(text: string): MoodError {
  return new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", `invalid configuration: ${text}`);
}
