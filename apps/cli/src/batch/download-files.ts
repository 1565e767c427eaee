import { createHash, randomUUID } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join, resolve, sep } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { UnavailableError } from "../output/failure.ts";
import { request, requestJson } from "../server/api.ts";
import { retrying } from "../server/retry.ts";
import type { BatchView, RowPage } from "./batch-types.ts";

/** Downloads at the same time. */
const parallel = 4;

/** For each page of rows and each file; about a minute. */
const patience = { attempts: 8, pauseMs: 500 };

/** Every row of a batch, or those of some statuses. */
export async function* rowsOf(batch: BatchView, signal: AbortSignal, statuses?: string) {
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({
      limit: "200",
      ...(statuses && { status: statuses }),
      ...(cursor && { cursor }),
    });
    const ask = () => requestJson<RowPage>(`${batch.urls.rows}?${query}`, { signal });
    const page: RowPage = await retrying(ask, patience, signal);
    yield* page.rows;
    cursor = page.next_cursor;
  } while (cursor !== undefined);
}

/** Saves the files of all succeeded rows below `folder` under their names; returns how many. Files that were written elsewhere are left there. */
export async function downloadFiles(batch: BatchView, folder: string, signal: AbortSignal): Promise<number> {
  const rows = rowsOf(batch, signal, "succeeded");
  let count = 0;
  const work = async (): Promise<void> => {
    for (let next = await rows.next(); !next.done; next = await rows.next()) {
      for (const { name, url, sha256 } of next.value.files) {
        if (!/^https?:/.test(url)) continue;
        const path = placeOf(folder, name);
        await retrying(() => download(url, path, { sha256, signal }), patience, signal);
        count += 1;
      }
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return count;
}

/** Names come from a server: none may lead out of the folder. */
function placeOf(folder: string, name: string): string {
  const root = resolve(folder);
  const path = resolve(root, name);
  if (path.startsWith(root + sep)) return path;
  throw new UnavailableError(`the server names a file outside of the output folder: "${name}"`);
}

async function download(
  url: string,
  path: string,
  { sha256, signal }: { sha256: string; signal: AbortSignal },
): Promise<void> {
  const response = await request(url, { signal });
  const partial = join(dirname(path), `.${randomUUID()}.part`);
  await mkdir(dirname(path), { recursive: true });
  const hash = createHash("sha256");
  try {
    const body = Readable.fromWeb(response.body as never);
    body.on("data", (chunk: Uint8Array) => hash.update(chunk));
    await pipeline(body, createWriteStream(partial));
    if (hash.digest("hex") !== sha256) throw new UnavailableError(`${url} sent other bytes than it announced`);
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}
