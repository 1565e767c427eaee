import { SourceError, type ModelSource } from "./model-source.ts";

/**
 * A folder in S3 or a store that speaks its protocol: `s3://bucket/prefix`. Credentials, region and endpoint are those of the AWS SDK's
 * environment (AWS_ACCESS_KEY_ID, AWS_REGION, AWS_ENDPOINT_URL_S3 and so on).
 */
export async function openS3Source(uri: string): Promise<ModelSource> {
  const match = /^s3:\/\/([^/]+)\/?(.*?)\/?$/.exec(uri);
  if (!match?.[1]) throw new SourceError(`expected s3://BUCKET/PREFIX, got ${uri}`);
  const [, bucket, prefix = ""] = match;
  // The SDK takes long to load and only this source needs it.
  const { GetObjectCommand, S3Client } = await import("@aws-sdk/client-s3");
  const client = new S3Client({ forcePathStyle: process.env["AWS_ENDPOINT_URL_S3"] !== undefined });
  return {
    name: `s3://${bucket}/${prefix}`,
    async open(path, from, signal) {
      const key = prefix === "" ? path : `${prefix}/${path}`;
      const command = new GetObjectCommand({ Bucket: bucket, Key: key, ...(from > 0 && { Range: `bytes=${from}-` }) });
      try {
        const answer = await client.send(command, { abortSignal: signal });
        const start = /^bytes (\d+)-/.exec(answer.ContentRange ?? "")?.[1];
        return { body: answer.Body as AsyncIterable<Uint8Array>, from: Number(start ?? 0) };
      } catch (cause) {
        signal.throwIfAborted();
        const { name = "error", $metadata: { httpStatusCode = 0 } = {} } = cause as {
          name?: string;
          $metadata?: { httpStatusCode?: number };
        };
        const retry = httpStatusCode >= 500 || httpStatusCode === 0;
        throw new SourceError(`s3://${bucket}/${key}: ${name}`, { cause, retry });
      }
    },
  };
}
