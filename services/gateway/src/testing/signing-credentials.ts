import "reflect-metadata";
import { KeyObject, webcrypto } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  cryptoProvider,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";

/** Kinds of keys that sign, as WebCrypto names them. */
export const KEY_KINDS = {
  "P-256": { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  "P-384": { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" },
  "P-521": { name: "ECDSA", namedCurve: "P-521", hash: "SHA-512" },
  Ed25519: { name: "Ed25519" },
  RSA: {
    name: "RSA-PSS",
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
    hash: "SHA-256",
    saltLength: 32,
  },
} as const;

/** Usage of a key that protects e-mail, which C2PA takes; that of a server, which it refuses. */
export const USAGES = { email: "1.3.6.1.5.5.7.3.4", server: "1.3.6.1.5.5.7.3.1" } as const;

const day = 86_400_000;

/** Makes an authority, a key and its certificate in a folder. `authority` is a PEM for readers that trust it. */
export async function writeCredentials(
  folder: string,
  { kind = "P-256", usage = "email" }: { kind?: keyof typeof KEY_KINDS; usage?: keyof typeof USAGES } = {},
): Promise<{ c2paCertificates: string; c2paKey: string; authority: string }> {
  cryptoProvider.set(webcrypto as never);
  const [signingAlgorithm, uses] = [KEY_KINDS[kind], ["sign", "verify"] as const];
  const generate = () =>
    webcrypto.subtle.generateKey(signingAlgorithm, true, uses) as Promise<unknown> as Promise<webcrypto.CryptoKeyPair>;
  const [root, own] = [await generate(), await generate()];
  const dates = { notBefore: new Date(Date.now() - day), notAfter: new Date(Date.now() + 30 * day) };
  const name = "CN=Authority,O=Moodifier";
  const shared = { ...dates, issuer: name, signingAlgorithm, signingKey: root.privateKey };
  const authority = await X509CertificateGenerator.create({
    ...shared,
    serialNumber: "01",
    subject: name,
    publicKey: root.publicKey,
    extensions: [
      new BasicConstraintsExtension(true, 1, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      await SubjectKeyIdentifierExtension.create(root.publicKey),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    ...shared,
    serialNumber: "02",
    subject: "CN=Studio,O=Moodifier",
    publicKey: own.publicKey,
    extensions: [
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([USAGES[usage]], true),
      await SubjectKeyIdentifierExtension.create(own.publicKey),
      await AuthorityKeyIdentifierExtension.create(root.publicKey),
    ],
  });
  const files = { c2paCertificates: join(folder, `${kind}.crt`), c2paKey: join(folder, `${kind}.key`) };
  await writeFile(files.c2paCertificates, certificate.toString("pem"));
  await writeFile(files.c2paKey, KeyObject.from(own.privateKey).export({ type: "pkcs8", format: "pem" }));
  return { ...files, authority: authority.toString("pem") };
}
