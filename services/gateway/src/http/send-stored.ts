import { pipeline } from "node:stream/promises";
import type { Readable } from "node:stream";
import type { Response } from "express";
import type { Storage } from "../storage/storage.ts";
import { clientGone } from "./client-gone.ts";

/** An object of the storage and what it is. */
export interface StoredContent {
  readonly key: string;
  readonly mediaType: string;
  readonly bytes: number;
}

/** Sends an object; with `linkSeconds` above 0, and a storage that can, only the way to it, which works for so long. */
export async function sendStored(
  response: Response,
  { key, mediaType, bytes }: StoredContent,
  { storage, linkSeconds }: { storage: Storage; linkSeconds: number },
): Promise<void> {
  if (linkSeconds > 0 && storage.presign) {
    response.setHeader("Cache-Control", "no-store");
    response.redirect(307, await storage.presign(key, { ttlSeconds: linkSeconds, mediaType }));
    return;
  }
  response.setHeader("Cache-Control", "private, max-age=3600, immutable");
  response.setHeader("ETag", `"${key}"`);
  if (response.req.fresh) {
    response.status(304).end();
    return;
  }
  const content = await storage.get(key, { signal: clientGone(response) });
  response.setHeader("Content-Length", String(bytes));
  response.status(200).type(mediaType);
  await sendStream(content, response);
}

/** Sends a stream whole. A client that leaves in the middle is no fault of ours. */
export async function sendStream(content: Readable, response: Response): Promise<void> {
  // The pipeline, the guards and the log all listen for the answer's end.
  response.setMaxListeners(20);
  await pipeline(content, response).catch((error: unknown) => {
    if (!response.headersSent) throw error;
    response.destroy();
  });
}
