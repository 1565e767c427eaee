/** Signs finished files with Content Credentials (C2PA). */
export interface Signer {
  /** Most bytes that a signature adds to a file; a byte budget leaves them free. 0 when nothing is signed. */
  readonly addedBytes: number;
  /**
   * The file with a manifest that says how it was made, bound to its content; each call signs anew, so equal files get different bytes.
   * Rejects with MoodError SIGNATURE_FAILED, or the signal's reason.
   */
  sign(file: { readonly data: Buffer; readonly mediaType: string }, signal: AbortSignal): Promise<Buffer>;
  close(): Promise<void>;
}

/** Leaves every file as it is. */
export const noSigner: Signer = {
  addedBytes: 0,
  sign: ({ data }) => Promise.resolve(data),
  close: () => Promise.resolve(),
};
