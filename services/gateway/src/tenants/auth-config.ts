import { z } from "zod";
import { operatorKeysSchema } from "../keys/operator-keys.ts";
import { JWT_ALGORITHMS } from "./jwt-check.ts";

const algorithm = z.enum(JWT_ALGORITHMS);

/** Settings of authentication; spread into the gateway's schema. */
export const authSettings = {
  /** off: everybody is the tenant "default" (loopback only unless allowAnonymous). keys: API keys. jwt: an issuer's tokens, and API keys. */
  auth: z.enum(["off", "keys", "jwt"]).default("off"),
  /** Whether authentication may be off on an address that other machines reach. */
  allowAnonymous: z.union([z.boolean(), z.stringbool()]).default(false),
  /** `id:sha256` of operator keys, separated by commas; `moodifier keys bootstrap` makes one. */
  operatorKeys: z.union([z.map(z.string(), z.string()), operatorKeysSchema]).optional(),
  /** Issuer of the tokens, exactly as in `iss`. */
  jwtIssuer: z.string().min(1).optional(),
  /** Value that `aud` must hold. */
  jwtAudience: z.string().min(1).optional(),
  /** URL of the issuer's keys. */
  jwtJwksUrl: z.url().optional(),
  /** Signature algorithms that are taken, separated by commas. */
  jwtAlgorithms: z
    .union([
      z.array(algorithm),
      z
        .string()
        .transform((text) => text.split(",").map((name) => name.trim()))
        .pipe(z.array(algorithm)),
    ])
    .default(["RS256", "ES256"]),
  /** Claim that names the tenant. */
  jwtTenantClaim: z.string().min(1).default("tenant"),
  /** Claim that lists the scopes. */
  jwtScopeClaim: z.string().min(1).default("scope"),
};

const settings = z.object(authSettings);
export type AuthSettings = z.output<typeof settings>;
