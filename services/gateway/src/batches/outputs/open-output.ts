import type { S3Client } from "@aws-sdk/client-s3";
import { quote, refuse } from "../../http/refuse.ts";
import type { Place } from "../../sources/open-places.ts";
import { parseS3Url } from "../../storage/open-storage.ts";
import type { Storage } from "../../storage/storage.ts";
import { FolderOutput } from "./folder-output.ts";
import type { Output } from "./output.ts";
import { S3Output } from "./s3-output.ts";
import { StorageOutput } from "./storage-output.ts";

export interface OutputParts {
  readonly storage: Storage;
  readonly s3: S3Client;
  /** Throws unless the tenant's batches may use the place. */
  readonly checkPlace: (place: Place, tenantId: string) => void;
  /** The folder that the operator has opened to batches; `{tenant}` in it stands for the tenant's id. */
  readonly folder: string | undefined;
}

/** The output that `output.to` names for a tenant. Errors: OUTPUT_INVALID, FOLDER_FORBIDDEN, BUCKET_FORBIDDEN, S3_URL_INVALID. */
export function openOutput(
  to: string | undefined,
  tenantId: string,
  { storage, s3, checkPlace, folder }: OutputParts,
): Output {
  if (to === undefined) return new StorageOutput(storage);
  const argument = "options.output.to";
  if (to.startsWith("s3://")) {
    const place = parseS3Url(to, argument);
    checkPlace({ bucket: place.bucket, path: place.prefix }, tenantId);
    return new S3Output(s3, place);
  }
  if (!to.startsWith("folder:")) {
    throw refuse("OUTPUT_INVALID", { argument, expected: "s3://bucket/prefix or folder:path", got: quote(to) });
  }
  if (folder === undefined) {
    const expected = "s3://bucket/prefix, since the operator has opened no folder (MOODIFIER_OUTPUT_DIR)";
    throw refuse("FOLDER_FORBIDDEN", { argument, expected, got: quote(to) });
  }
  return new FolderOutput(folder.replaceAll("{tenant}", tenantId), to.slice("folder:".length));
}
