/** Largest picture or mask in bytes. */
export const maxImageBytes = 32 * 1024 * 1024;

/** A file of the request. */
export interface UploadedFile {
  readonly data: Buffer;
  /** Media type that the client declared; empty when it declared none. The decoder looks at the bytes. */
  readonly mediaType: string;
}

/** The request body in the one form that both encodings lead to. */
export interface RequestBody {
  /** Field name to value. Multipart fields are strings. */
  readonly fields: Readonly<Record<string, unknown>>;
  readonly files: Readonly<Record<string, UploadedFile>>;
  /** True when the values came as strings and numbers have yet to be read from them. */
  readonly textual: boolean;
}
