import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { type DigitalSourceType, digitalSourceUri, encodePng } from "@moodifier/inference";
import { MoodError } from "@moodifier/service-kit";
import { algorithmOf } from "./signing-algorithm.ts";
import { noSigner, type Signer } from "./signer.ts";
import type { SigningSettings } from "./signing-config.ts";
import { startSigningThread } from "./signing-thread.ts";

/** What every signature says beside the settings. */
export interface SignedFacts {
  readonly tool: { readonly name: string; readonly version: string };
  readonly sourceType: DigitalSourceType;
}

/** Room for the signature itself; its certificates come on top. */
const signatureBytes = 1024;
/** Room for the manifest around the signature. */
const manifestBytes = 4096;

/**
 * The signer that the settings ask for, tried on a sample.
 * @throws MoodError INVALID_ARGUMENT (CONFIG_INVALID) for files that can't be read, don't fit together or make no valid signature, or without the optional packages.
 */
export async function openSigner({ c2paCertificates, c2paKey }: SigningSettings, facts: SignedFacts): Promise<Signer> {
  if (c2paCertificates === undefined && c2paKey === undefined) return noSigner;
  if (c2paCertificates === undefined || c2paKey === undefined) {
    throw invalid("MOODIFIER_C2PA_CERTIFICATES and MOODIFIER_C2PA_KEY: expected both or neither, got one");
  }
  const certificates = await readCertificates(c2paCertificates);
  const key = await readKey(c2paKey);
  const [own] = certificates;
  if (!own?.checkPrivateKey(key)) {
    throw invalid("MOODIFIER_C2PA_KEY: expected the key of the first certificate, got another");
  }
  if (!algorithmOf(key)) {
    const kinds = "EC P-256, P-384 or P-521, Ed25519 or RSA";
    throw invalid(`MOODIFIER_C2PA_KEY: expected ${kinds}, got ${key.asymmetricKeyType}`);
  }
  const chain = certificates.map(({ raw }) => raw);
  const reservedBytes = chain.reduce((sum, each) => sum + each.length, signatureBytes);
  const sample = new Uint8Array(await encodePng({ width: 1, height: 1, channels: 3, data: new Uint8Array(3) }));
  const thread = await startSigningThread({
    certificates: chain,
    key: key.export({ type: "pkcs8", format: "pem" }).toString(),
    reservedBytes,
    tool: facts.tool,
    sourceType: digitalSourceUri(facts.sourceType),
    sample,
  }).catch((error: unknown) => {
    throw explain(error);
  });
  const expires = Date.parse(own.validTo);
  return {
    addedBytes: reservedBytes + manifestBytes,
    sign: (file, signal) => {
      if (Date.now() <= expires) return thread.sign(file, signal);
      const text = `The certificate that signs results ended on ${own.validTo}; give the gateway a new one.`;
      return Promise.reject(new MoodError("FAILED_PRECONDITION", "SIGNATURE_FAILED", text));
    },
    close: () => thread.close(),
  };
}

async function readCertificates(file: string): Promise<X509Certificate[]> {
  try {
    const blocks = (await readFile(file, "utf8")).match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
    if (!blocks) throw new Error("no certificate");
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw invalid("MOODIFIER_C2PA_CERTIFICATES: expected a readable PEM file with certificates", cause);
  }
}

async function readKey(file: string): Promise<KeyObject> {
  try {
    return createPrivateKey(await readFile(file));
  } catch (cause) {
    throw invalid("MOODIFIER_C2PA_KEY: expected a readable PEM file with a private key", cause);
  }
}

function explain(error: unknown): MoodError {
  if (error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND") {
    const names = "@contentauth/c2pa-wasm and cborg";
    return invalid(`MOODIFIER_C2PA_KEY: expected the optional packages ${names}, which are not installed`, error);
  }
  const faults = error instanceof Error ? error.message : String(error);
  return invalid(`MOODIFIER_C2PA_CERTIFICATES: expected a certificate that C2PA readers take, got ${faults}`, error);
}

function invalid(text: string, cause?: unknown): MoodError {
  return new MoodError("INVALID_ARGUMENT", "CONFIG_INVALID", `invalid configuration: ${text}`, { cause });
}
