import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** An API key as it is handed out once. */
export interface FreshKey {
  /** 16 hexadecimal digits; public. */
  readonly id: string;
  /** `mood_<id>_<secret>`; never stored. */
  readonly key: string;
  /** SHA-256 of the whole key. A slow hash would add nothing: the secret is 256 random bits, beyond any guessing. */
  readonly hash: Buffer;
}

const pattern = /^mood_([0-9a-f]{16})_[\w-]{43}$/;

/** Makes a key with 256 random bits. */
export function makeKey(): FreshKey {
  const id = randomBytes(8).toString("hex");
  const key = `mood_${id}_${randomBytes(32).toString("base64url")}`;
  return { id, key, hash: hashKey(key) };
}

/** The id inside a key, or undefined when the text is no key. */
export function parseKey(text: string): { readonly id: string } | undefined {
  const id = pattern.exec(text)?.[1];
  return id === undefined ? undefined : { id };
}

export function hashKey(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Compares in constant time. */
export function sameHash(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}
