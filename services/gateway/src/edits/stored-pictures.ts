import type { EncodedImage, Job, JobInput, StoredInput, StoredPicture } from "../jobs/job.ts";
import { readAll } from "../storage/object-key.ts";
import type { Storage } from "../storage/storage.ts";

/** Puts a picture into the storage. */
export async function storePicture(
  storage: Storage,
  { data, mediaType }: EncodedImage,
  signal?: AbortSignal,
): Promise<StoredPicture> {
  const { key, bytes } = await storage.put(data, { mediaType, ...(signal && { signal }) });
  return { key, bytes, mediaType };
}

/** Reads a picture from the storage. */
export async function loadPicture(
  storage: Storage,
  { key, mediaType }: StoredPicture,
  signal?: AbortSignal,
): Promise<EncodedImage> {
  return { data: await readAll(await storage.get(key, signal ? { signal } : {})), mediaType };
}

/** Stores the pictures of a checked request. */
export async function storeInput(storage: Storage, input: JobInput, signal?: AbortSignal): Promise<StoredInput> {
  const { settings, image, width, height, mask } = input;
  const stored = await storePicture(storage, image, signal);
  if (!mask) return { settings, image: stored, width, height };
  const storedMask = await storePicture(storage, { data: mask.png, mediaType: "image/png" }, signal);
  return { settings, image: stored, width, height, mask: { ...storedMask, coverage: mask.coverage } };
}

/** The pictures of a job back in hand. */
export async function loadInput(storage: Storage, job: Job, signal?: AbortSignal): Promise<JobInput> {
  const { settings, image, width, height, mask } = job.input;
  const base = { settings, image: await loadPicture(storage, image, signal), width, height, warnings: job.warnings };
  if (!mask) return base;
  const { data } = await loadPicture(storage, mask, signal);
  return { ...base, mask: { png: data, coverage: mask.coverage } };
}
