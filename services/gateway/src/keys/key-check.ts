import { refusedToken, type TokenCheck } from "../tenants/authenticator.ts";
import { parseKey } from "./key-secret.ts";
import type { KeyStore } from "./key-store.ts";

/** Takes API keys; one that the store refuses is refused here, so that no later check sees it. */
export function keyCheck(store: KeyStore): TokenCheck {
  return async (token) => {
    if (!parseKey(token)) return undefined;
    const key = await store.find(token);
    if (!key) throw refusedToken(token);
    return { tenantId: key.tenantId, keyId: key.id, scopes: key.scopes };
  };
}
