/** What the signing thread starts with. */
export interface SigningThreadData {
  /** DER, the key's own first. */
  readonly certificates: readonly Uint8Array[];
  /** PEM, PKCS #8. */
  readonly key: string;
  /** Room for the signature and its certificates in each file. */
  readonly reservedBytes: number;
  readonly tool: { readonly name: string; readonly version: string };
  /** IPTC DigitalSourceType, its full URI. */
  readonly sourceType: string;
  /** A PNG that is signed to try it. */
  readonly sample: Uint8Array<ArrayBuffer>;
}

export interface SigningRequest {
  /** From 1. */
  readonly id: number;
  readonly data: Uint8Array<ArrayBuffer>;
  readonly mediaType: string;
}

/** A signed file, or what went wrong; id 0 says that the thread is ready. */
export interface SigningAnswer {
  readonly id: number;
  readonly data?: Uint8Array;
  readonly message?: string;
}
