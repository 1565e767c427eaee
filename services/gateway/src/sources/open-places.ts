import { quote, refuse } from "../http/refuse.ts";

/** An object or a folder of S3; `path` is its key or prefix. */
export interface Place {
  readonly bucket: string;
  readonly path: string;
}

/** An entry of MOODIFIER_BATCH_BUCKETS: a bucket, or a folder in one. `{tenant}` stands for the tenant's id: for a whole folder, or for some of the bucket's name. */
export const openPlacePattern =
  /^(?:[a-z0-9.-]|\{tenant\}){1,100}(?:\/(?!\.{1,2}(?:\/|$))(?:\{tenant\}|[^/\\{}]{1,200})){0,20}$/;

/**
 * Throws BUCKET_FORBIDDEN unless one of the `opened` entries holds the place for this tenant: the entry's folder itself or what is below it, never what merely begins with the same letters. An entry
 * without `{tenant}` opens its place to every tenant.
 */
export function checkPlace({ bucket, path }: Place, tenantId: string, opened: readonly string[]): void {
  const climbs = path.split(/[/\\]/).some((part) => part === "." || part === "..");
  const holds = (entry: string): boolean =>
    `${bucket}/${path}/`.startsWith(`${entry.replaceAll("{tenant}", tenantId)}/`);
  if (!climbs && opened.some(holds)) return;
  const expected = "a place that the operator lets this tenant's batches use (MOODIFIER_BATCH_BUCKETS)";
  throw refuse("BUCKET_FORBIDDEN", {
    argument: "s3",
    expected,
    got: quote(path === "" ? bucket : `${bucket}/${path}`),
  });
}
