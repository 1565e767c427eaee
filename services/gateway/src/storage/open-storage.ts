import { resolve } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { MoodError } from "@moodifier/service-kit";
import { z } from "zod";
import { FilesystemStorage } from "./filesystem-storage.ts";
import { S3Storage } from "./s3-storage.ts";
import type { Storage } from "./storage.ts";

/** Settings of the storage; spread them into the gateway's schema. Credentials of S3 come from the environment or the pod's role, as the AWS client finds them. */
export const storageSettings = {
  /** Where pictures are kept: a folder, or `s3://bucket/prefix`. Unset: `storage` in the data folder. */
  storage: z.string().min(1).optional(),
  /** Address of an S3-compatible server; unset means AWS. */
  s3Endpoint: z.url().optional(),
  s3Region: z.string().min(1).default("us-east-1"),
  /** Whether the bucket's name goes into the path rather than into the host's name. */
  s3PathStyle: z.union([z.boolean(), z.stringbool()]).default(false),
  /** With S3, results and files of batches are answered with a redirect to the bucket that works for so many seconds, 1..604,800; 0: the gateway hands them out itself. */
  storageLinkSeconds: z.coerce.number().int().min(0).max(604_800).default(0),
  /** Longest time for one request to the S3 server, which carries at most 8 MiB, in milliseconds. */
  s3TimeoutMs: z.coerce.number().int().min(100).max(600_000).default(60_000),
};

const schema = z.object(storageSettings);
export type StorageSettings = z.output<typeof schema>;

/** Opens the configured storage; the folder `storage` in `dataDir` holds the objects when nothing is configured. */
export async function openStorage(settings: StorageSettings, dataDir: string): Promise<Storage> {
  const place = settings.storage ?? resolve(dataDir, "storage");
  if (!place.startsWith("s3://")) return FilesystemStorage.open(resolve(place));
  const { bucket, prefix } = parseS3Url(place, "MOODIFIER_STORAGE");
  return new S3Storage({ client: createS3Client(settings), bucket, prefix: prefix === "" ? "" : `${prefix}/` });
}

/** A client for the configured server. */
export function createS3Client(settings: StorageSettings): S3Client {
  const { s3Endpoint, s3Region, s3PathStyle, s3TimeoutMs } = settings;
  return new S3Client({
    region: s3Region,
    forcePathStyle: s3PathStyle,
    ...(s3Endpoint !== undefined && { endpoint: s3Endpoint }),
    maxAttempts: 4,
    requestHandler: {
      connectionTimeout: Math.min(5000, s3TimeoutMs),
      requestTimeout: s3TimeoutMs,
      throwOnRequestTimeout: true,
    },
  });
}

/** The parts of `s3://bucket/prefix`; the prefix has no slash at its ends. Throws S3_URL_INVALID. */
export function parseS3Url(text: string, argument: string): { bucket: string; prefix: string } {
  const [, bucket, prefix = ""] = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*))?$/.exec(text) ?? [];
  if (bucket !== undefined) return { bucket, prefix: prefix.replace(/^\/+|\/+$/g, "") };
  throw new MoodError(
    "INVALID_ARGUMENT",
    "S3_URL_INVALID",
    `${argument}: expected s3://bucket/prefix, got "${text}".`,
    {
      details: { argument, expected: "s3://bucket/prefix", got: text },
    },
  );
}
