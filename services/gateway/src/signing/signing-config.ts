import { z } from "zod";

/** Settings of signatures; spread into the gateway's schema. */
export const signingSettings = {
  /** PEM file with the certificate of the key and those between it and its authority, in this order; set together with c2paKey, results are signed with Content Credentials (C2PA). */
  c2paCertificates: z.string().min(1).optional(),
  /** PEM file with the private key (PKCS #8): EC P-256, P-384 or P-521, Ed25519, or RSA. */
  c2paKey: z.string().min(1).optional(),
};

const settings = z.object(signingSettings);
export type SigningSettings = z.output<typeof settings>;
