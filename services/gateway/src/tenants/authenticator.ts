import { MoodError } from "@moodifier/service-kit";
import { parseKey } from "../keys/key-secret.ts";
import { ANONYMOUS, type Identity } from "./identity.ts";

/** Tells who sends an Authorization header. Throws MoodError UNAUTHENTICATED when it does not say, or says something false. */
export interface Authenticator {
  identify(authorization: string | undefined): Promise<Identity>;
}

/** Checks one kind of bearer token; undefined when the token is of another kind. */
export type TokenCheck = (token: string) => Promise<Identity | undefined>;

/** Authentication that is off: everybody is the default tenant and may do everything. */
export const openAuthenticator: Authenticator = { identify: () => Promise.resolve(ANONYMOUS) };

/** Bearer tokens (RFC 6750), tried against each check in turn. */
export function bearerAuthenticator(checks: readonly TokenCheck[]): Authenticator {
  return {
    identify: async (authorization) => {
      const token = /^Bearer ([\w.~+/=-]{1,8192})$/i.exec(authorization ?? "")?.[1];
      if (token === undefined) {
        throw unauthenticated("AUTHENTICATION_REQUIRED", "Send an API key: Authorization: Bearer mood_...");
      }
      for (const check of checks) {
        const identity = await check(token);
        if (identity) return identity;
      }
      throw refusedToken(token);
    },
  };
}

/** The same words for every reason why a token is refused: they help nobody to guess one. */
export function refusedToken(token: string): MoodError {
  const what = parseKey(token) ? "The API key" : "The token";
  return unauthenticated("AUTHENTICATION_REFUSED", `${what} is unknown, expired or revoked.`);
}

function unauthenticated(reason: string, message: string): MoodError {
  return new MoodError("UNAUTHENTICATED", reason, message);
}
