import { type KeyObject, constants, sign } from "node:crypto";
import { encode, Tagged } from "cborg";
import type { SigningAlgorithm } from "./signing-algorithm.ts";

/** Names of the header's fields and the tag of the structure (RFC 9052, RFC 9360). */
const [alg, x5chain, coseSign1] = [1, 33, 18];

/**
 * Signs a claim: a COSE_Sign1 (RFC 9052) with the payload detached and the certificates (DER, the key's own first) in its protected header, padded to exactly `size` bytes as C2PA wants.
 * Throws RangeError when it is larger.
 */
export function signClaim(
  claim: Uint8Array,
  {
    key,
    algorithm,
    certificates,
  }: { key: KeyObject; algorithm: SigningAlgorithm; certificates: readonly Uint8Array[] },
  size: number,
): Uint8Array {
  const header = encode(
    new Map<number, unknown>([
      [alg, algorithm.cose],
      [x5chain, certificates],
    ]),
  );
  const signed = encode(["Signature1", header, new Uint8Array(), claim]);
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  const signature = sign(algorithm.digest, signed, { key, dsaEncoding: "ieee-p1363", padding, saltLength });
  const seal = (pad: number) => encode(new Tagged(coseSign1, [header, { pad: new Uint8Array(pad) }, null, signature]));
  // The length of a padding of 256 to 65,535 bytes takes two bytes more than that of none.
  const sealed = seal(size - seal(0).length - 2);
  if (sealed.length !== size) throw new RangeError(`no padding makes ${sealed.length} bytes ${size}`);
  return sealed;
}
