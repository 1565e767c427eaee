import { type KeyObject, constants, sign } from "node:crypto";

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
): Buffer {
  const chain = certificates.map((each) => bytes(each));
  const [alg, x5chain] = [1, 33];
  const header = map([integer(alg), integer(algorithm.cose)], [integer(x5chain), list(...chain)]);
  const signed = list(text("Signature1"), bytes(header), bytes(Buffer.alloc(0)), bytes(claim));
  const padding = constants.RSA_PKCS1_PSS_PADDING;
  const saltLength = constants.RSA_PSS_SALTLEN_DIGEST;
  const signature = sign(algorithm.digest, signed, { key, dsaEncoding: "ieee-p1363", padding, saltLength });
  const sealed = (pad: Buffer) =>
    Buffer.concat([
      start(6, 18),
      list(bytes(header), map([text("pad"), longBytes(pad)]), Buffer.from([0xf6]), bytes(signature)),
    ]);
  return sealed(Buffer.alloc(size - sealed(Buffer.alloc(0)).length));
}

/** The first bytes of a CBOR item (RFC 8949): its major type and a number. */
function start(major: number, value: number): Buffer {
  const type = major << 5;
  if (value < 24) return Buffer.from([type | value]);
  if (value < 0x100) return Buffer.from([type | 24, value]);
  if (value < 0x10000) return Buffer.from([type | 25, value >> 8, value & 0xff]);
  return Buffer.from([type | 26, value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
}

const integer = (value: number): Buffer => (value < 0 ? start(1, -1 - value) : start(0, value));
const bytes = (value: Uint8Array): Buffer => Buffer.concat([start(2, value.length), value]);
const text = (value: string): Buffer => Buffer.concat([start(3, Buffer.byteLength(value)), Buffer.from(value)]);
const list = (...items: Buffer[]): Buffer => Buffer.concat([start(4, items.length), ...items]);
const map = (...pairs: Buffer[][]): Buffer => Buffer.concat([start(5, pairs.length), ...pairs.flat()]);

/** Bytes whose length always takes four bytes, so that padding changes nothing but its own length. */
function longBytes(value: Uint8Array): Buffer {
  const head = Buffer.alloc(5, (2 << 5) | 26);
  head.writeUInt32BE(value.length, 1);
  return Buffer.concat([head, value]);
}
