import { clip } from "@moodifier/proto";
import { createClient, MoodError } from "@moodifier/service-kit";
import { ArchiveError } from "../archive-error.ts";
import { SERVICE_RETRY } from "../run/service-retry.ts";

/** An encoded picture. */
export interface EncodedImage {
  readonly bytes: Uint8Array;
  readonly mediaType: string;
}

/** Embeds texts and pictures in one space; vectors are L2-normalised. */
export interface Scorer {
  /** Name and digest of the model that answers. */
  identify(signal?: AbortSignal): Promise<string>;
  /** 1..64 texts. */
  embedTexts(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>;
  /** One picture, or why it cannot be embedded. Throws when the model cannot be asked at all. */
  embedImage(
    image: EncodedImage,
    signal?: AbortSignal,
  ): Promise<Float32Array | { readonly refused: string; readonly detail: string }>;
  close(): void;
}

/** The encoder service at host:port. */
export function connectScorer(address: string, deadlineMs = 120_000): Scorer {
  const client = createClient(clip.EncoderClient, address, { deadlineMs, retry: SERVICE_RETRY });
  const fail = (error: unknown): never => {
    if (!(error instanceof MoodError)) throw error;
    const text = `clip at ${address}: ${error.message}; what is done so far is kept, run the command again`;
    throw new ArchiveError("SERVICE_FAILED", text, { cause: error });
  };
  return {
    identify: async (signal) => {
      const request = { texts: [""], output: clip.TextOutput.POOLED, truncate: true };
      return (await client.encodeText(request, { signal }).catch(fail)).modelId;
    },
    embedTexts: async (texts, signal) => {
      const request = { texts: [...texts], output: clip.TextOutput.POOLED, truncate: true };
      const { states } = await client.encodeText(request, { signal }).catch(fail);
      return splitRows(states);
    },
    embedImage: async ({ bytes, mediaType }, signal) => {
      try {
        const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const { embeddings } = await client.encodeImage({ images: [{ data, mediaType }] }, { signal });
        return splitRows(embeddings)[0]!;
      } catch (error) {
        if (error instanceof MoodError && error.code === "INVALID_ARGUMENT") {
          return { refused: error.reason, detail: error.message };
        }
        return fail(error);
      }
    },
    close: () => client.close(),
  };
}

/** The rows of a [rows, width] tensor message. */
function splitRows(tensor: { dims: number[]; data: Buffer } | undefined): Float32Array[] {
  const [rows = 0, width = 0] = tensor?.dims ?? [];
  if (tensor === undefined || tensor.data.length !== rows * width * 4) {
    throw new ArchiveError("SERVICE_FAILED", `clip: expected a [rows, width] tensor, got [${tensor?.dims.join(", ")}]`);
  }
  const values = new Float32Array(Uint8Array.from(tensor.data).buffer);
  return Array.from({ length: rows }, (_, row) => values.slice(row * width, (row + 1) * width));
}
