import { quote, refuse } from "../http/refuse.ts";

/** Where a row's picture is. */
export type Reference =
  | { readonly kind: "url"; readonly url: string }
  | { readonly kind: "s3"; readonly bucket: string; readonly key: string }
  | { readonly kind: "upload"; readonly id: string };

/**
 * Reads a reference: `https://…`, `s3://bucket/key`, `upload:ID`, or a path that is put behind `prefix` (one of the first two).
 * Errors: FIELD_MISSING, REFERENCE_INVALID.
 */
export function checkReference(argument: string, text: string, prefix?: string): Reference {
  if (text === "") throw refuse("FIELD_MISSING", { argument, expected, got: "nothing" });
  const found = readAbsolute(text) ?? (prefix === undefined ? undefined : readAbsolute(join(prefix, text)));
  if (found) return found;
  throw refuse("REFERENCE_INVALID", { argument, expected, got: quote(text) });
}

const expected = "an http or https URL, s3://bucket/key, upload:ID, or a path with input_prefix set";

function readAbsolute(text: string): Reference | undefined {
  const upload = /^upload:([\w-]{1,64})$/.exec(text)?.[1];
  if (upload !== undefined) return { kind: "upload", id: upload };
  const [, bucket, key] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\/(.+)$/s.exec(text) ?? [];
  if (bucket !== undefined && key !== undefined) return { kind: "s3", bucket, key };
  return /^https?:\/\//i.test(text) && URL.canParse(text) ? { kind: "url", url: text } : undefined;
}

/** A path below the prefix; one that climbs out of it stays as it is and is refused. */
function join(prefix: string, path: string): string {
  if (/^\/|^[a-z][a-z0-9+.-]*:/i.test(path) || path.split(/[/\\]/).includes("..")) return path;
  const base = prefix.endsWith("/") ? prefix : `${prefix}/`;
  return base + (base.startsWith("s3:") ? path : path.split("/").map(encodeURIComponent).join("/"));
}
