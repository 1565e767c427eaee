import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import type { BatchRowView, BatchView } from "../../services/gateway/src/batches/batch-view.ts";

/** Rows that ask for the same edit, and so must come out with the same bytes. */
const kinds = 10;

/** Sends one picture and a manifest of `count` rows that edit it; a gateway that dies meanwhile is asked again under the same key. */
export async function submitBatch(url: string, picture: Buffer, count: number, output: object): Promise<BatchView> {
  const body = new Uint8Array(picture);
  const upload = await insist(`${url}/v1/uploads`, { method: "POST", body, headers: { "Content-Type": "image/png" } });
  const { reference } = (await upload.json()) as { reference: string };
  const rows = Array.from({ length: count }, (_, index) => `row-${index},${reference},joy,${index % kinds},1`);
  const form = new FormData();
  form.append("manifest", new Blob([["id,image,emotion,seed,steps", ...rows].join("\n")]), "manifest.csv");
  form.append("options", JSON.stringify({ output }));
  const headers = { "Idempotency-Key": "the-batch" };
  return (await (await insist(`${url}/v1/batches`, { method: "POST", body: form, headers })).json()) as BatchView;
}

/** The answer of a gateway that may be away for a moment. */
export async function insist(url: string, init: RequestInit = {}): Promise<Response> {
  for (let tries = 0; tries < 12_000; tries += 1) {
    const answer = await fetch(url, init).catch(() => undefined);
    if (answer && answer.status < 300) return answer;
    if (answer && answer.status < 500) throw new Error(await answer.text());
    await sleep(100);
  }
  throw new Error(`${url} never answered`);
}

/** Resolves when so many rows have ended, or all of them. */
export async function untilEnded(batch: BatchView, count: number): Promise<BatchView> {
  for (let tries = 0; tries < 60_000; tries += 1) {
    const now = (await (await insist(batch.urls.self)).json()) as BatchView;
    if (now.sequence >= count || now.status !== "running") return now;
    await sleep(100);
  }
  throw new Error("some rows never ended");
}

export async function readRows(batch: BatchView): Promise<BatchRowView[]> {
  const rows: BatchRowView[] = [];
  let cursor: string | undefined;
  do {
    const query = new URLSearchParams({ limit: "200", ...(cursor !== undefined && { cursor }) });
    const page = await (await insist(`${batch.urls.rows}?${query}`)).json();
    rows.push(...(page as { rows: BatchRowView[] }).rows);
    cursor = (page as { next_cursor?: string }).next_cursor;
  } while (cursor !== undefined);
  return rows;
}

/** Nothing lost: each row has succeeded with its file. Nothing doubled: one end and one edit for each row, and no file beside theirs. */
export async function checkBatch(ended: BatchView, count: number, folder: string): Promise<void> {
  const rows = await readRows(ended);
  expect(rows.filter(({ status }) => status !== "succeeded").map(({ id, problem }) => ({ id, problem }))).toEqual([]);
  expect(ended).toMatchObject({ status: "succeeded", total: count, sequence: count, counts: { succeeded: count } });
  expect(rows.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, index) => index));

  const events = await (await insist(ended.urls.events)).text();
  const ids = [...events.matchAll(/^id: (\d+)\nevent: row$/gm)].map(([, id]) => Number(id));
  expect(ids).toEqual(Array.from({ length: count }, (_, index) => index + 1));

  const names = rows.flatMap(({ files }) => files.map(({ name }) => name));
  expect((await readdir(folder)).toSorted()).toEqual(names.toSorted());
  const contents = new Map<string, Set<string>>();
  for (const { files, seed = "" } of rows) {
    for (const { name, sha256 } of files) {
      expect(hash(await readFile(join(folder, name)))).toBe(sha256);
      contents.set(seed, (contents.get(seed) ?? new Set()).add(sha256));
    }
  }
  expect([...contents.values()].map(({ size }) => size)).toEqual(Array.from({ length: kinds }, () => 1));
  expect(new Set([...contents.values()].flatMap((each) => [...each])).size).toBe(kinds);
  await checkEdits(ended, rows);
}

/** One job for each row, with one end in its history. */
async function checkEdits(batch: BatchView, rows: readonly BatchRowView[]): Promise<void> {
  const listed = new Set<string>();
  let next: string | undefined = `${new URL(batch.urls.self).origin}/v1/edits?limit=200`;
  while (next !== undefined) {
    const page = (await (await insist(next)).json()) as { edits: { urls: { self: string } }[]; next?: string };
    for (const { urls } of page.edits) listed.add(new URL(urls.self).pathname);
    next = page.next;
  }
  expect(listed).toEqual(new Set(rows.map(({ edit_url: edit = "" }) => new URL(edit).pathname)));
  expect(listed.size).toBe(rows.length);
  for (const path of listed) {
    const events = await (await insist(new URL(`${path}/events`, batch.urls.self).href)).text();
    expect([...events.matchAll(/"status":"succeeded"/g)]).toHaveLength(1);
  }
}

function hash(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
