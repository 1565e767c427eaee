import type { KeyObject } from "node:crypto";

/** How a kind of key signs: its name in C2PA, its number in COSE (RFC 9053) and its digest. */
export interface SigningAlgorithm {
  readonly name: string;
  readonly cose: number;
  readonly digest: string | null;
}

const CURVES: Readonly<Record<string, SigningAlgorithm>> = {
  prime256v1: { name: "es256", cose: -7, digest: "sha256" },
  secp384r1: { name: "es384", cose: -35, digest: "sha384" },
  secp521r1: { name: "es512", cose: -36, digest: "sha512" },
};

/** The algorithm that C2PA has for a private key; undefined when there is none. */
export function algorithmOf({
  asymmetricKeyType: type,
  asymmetricKeyDetails,
}: KeyObject): SigningAlgorithm | undefined {
  if (type === "ec") return CURVES[asymmetricKeyDetails?.namedCurve ?? ""];
  if (type === "ed25519") return { name: "ed25519", cose: -8, digest: null };
  if (type === "rsa") return { name: "ps256", cose: -37, digest: "sha256" };
  return undefined;
}
