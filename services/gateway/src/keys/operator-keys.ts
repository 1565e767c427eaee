import { z } from "zod";
import type { TokenCheck } from "../tenants/authenticator.ts";
import { DEFAULT_TENANT, SCOPES } from "../tenants/identity.ts";
import { hashKey, parseKey, sameHash } from "./key-secret.ts";

const entry = /^([0-9a-f]{16}):([0-9a-f]{64})$/;

/** `id:sha256` of each operator key, separated by commas, as `moodifier keys bootstrap` prints it. */
export const operatorKeysSchema = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .pipe(z.array(z.string().regex(entry, { error: "expected id:sha256, separated by commas" })))
  .transform((parts) => new Map(parts.map((part) => entry.exec(part)!.slice(1, 3) as [string, string])));

/** Keys that the configuration knows by their hash: the first way in, before the database holds any. There is no default. */
export function operatorKeyCheck(hashes: ReadonlyMap<string, string>): TokenCheck {
  return (token) => {
    const id = parseKey(token)?.id ?? "";
    const hash = hashes.get(id);
    const known = hash !== undefined && sameHash(Buffer.from(hash, "hex"), hashKey(token));
    return Promise.resolve(known ? { tenantId: DEFAULT_TENANT, keyId: id, scopes: SCOPES } : undefined);
  };
}
