import { MoodError } from "@moodifier/service-kit";
import { storageFull, storageUnavailable } from "./object-key.ts";

/** True for "no such object", from the client or already in our words. */
export function isMissing(error: unknown): boolean {
  if (error instanceof MoodError) return error.reason === "OBJECT_NOT_FOUND";
  const name = nameOf(error);
  return name === "NoSuchKey" || name === "NotFound";
}

/** A fault of the S3 client in our words. Denied access and a missing bucket are the operator's to mend; the rest may pass. */
export function explainS3(error: unknown, bucket: string): unknown {
  if (error instanceof MoodError) return error;
  const name = nameOf(error);
  const details = { bucket };
  if (name === "NoSuchBucket") {
    const text = `The bucket "${bucket}" doesn't exist.`;
    return new MoodError("FAILED_PRECONDITION", "BUCKET_NOT_FOUND", text, { cause: error, details });
  }
  // An answer to HEAD has no body and so no name.
  const status = statusOf(error);
  if (status === 403) {
    const text = `Access to the bucket "${bucket}" is denied.`;
    return new MoodError("FAILED_PRECONDITION", "BUCKET_ACCESS_DENIED", text, { cause: error, details });
  }
  if (name === "CredentialsProviderError") {
    const text = `There are no credentials for the bucket "${bucket}".`;
    return new MoodError("FAILED_PRECONDITION", "BUCKET_ACCESS_DENIED", text, { cause: error, details });
  }
  if (status === 507 || ["QuotaExceeded", "XMinioStorageFull"].includes(name)) return storageFull(error);
  return storageUnavailable(`server doesn't answer as it should (${name})`, error);
}

function statusOf(error: unknown): number | undefined {
  const metadata = error instanceof Error && "$metadata" in error ? error.$metadata : undefined;
  return (metadata as { httpStatusCode?: number } | undefined)?.httpStatusCode;
}

function nameOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const code = "code" in error && typeof error.code === "string" ? error.code : error.name;
  return error.name === "Error" ? code : error.name;
}
