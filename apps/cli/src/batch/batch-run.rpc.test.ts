// A batch as the command line sees it while servers are being replaced: a real server that now and then answers as a proxy without one does.
import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BatchProgress, BatchView } from "./batch-types.ts";
import { downloadFiles } from "./download-files.ts";
import { followBatch } from "./follow-batch.ts";

const progress = { status: "running", sequence: 1, total: 8, pending: 7, running: 0, succeeded: 1, failed: 0 };
const picture = Buffer.alloc(200_000, "picture");
const files = Array.from({ length: 8 }, (_, i) => ({
  name: `a/${i}.png`,
  sha256: createHash("sha256").update(picture).digest("hex"),
}));
const { signal } = new AbortController();

let server: Server;
let url: string;
let dir: string;
let asked: string[];
/** Answers by path, in turn; after the last one the server does its work. */
let faults: Record<string, number[]>;

beforeEach(async () => {
  [asked, faults] = [[], {}];
  dir = await mkdtemp(join(tmpdir(), "moodifier-batch-"));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, "http://x");
    asked.push(`${pathname} ${String(request.headers["last-event-id"] ?? "")}`.trim());
    const status = faults[pathname]?.shift();
    if (status === 0) request.socket.destroy();
    else if (status === undefined) answer(pathname, response);
    else response.writeHead(status, { "content-type": "text/html" }).end("<html>no server</html>");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});

function answer(pathname: string, response: ServerResponse): void {
  const rows = files.map(({ name, sha256 }) => ({ files: [{ name, sha256, url: `${url}/files/${name}` }] }));
  if (pathname === "/events") {
    const { length } = asked.filter((line) => line.startsWith("/events"));
    response.end(`id: ${length}\nevent: progress\ndata: ${JSON.stringify({ ...progress, sequence: length })}\n\n`);
  } else if (pathname === "/self") response.end(JSON.stringify({ status: "succeeded" }));
  else if (pathname === "/rows") response.end(JSON.stringify({ rows }));
  else response.end(picture);
}

const batch = (): BatchView =>
  ({ urls: { self: `${url}/self`, events: `${url}/events`, rows: `${url}/rows` } }) as unknown as BatchView;

describe("followBatch", () => {
  it("goes on where it was after 503, 502, 429 and a connection that breaks", async () => {
    faults = { "/events": [503, 0], "/self": [502, 429] };
    const seen: BatchProgress[] = [];
    const ended = await followBatch(batch(), (event) => seen.push(event), signal);
    expect(ended.status).toBe("succeeded");
    expect(asked).toEqual(["/events 0", "/events 0", "/events 0", "/self", "/events 3", "/self", "/events 4", "/self"]);
    expect(seen.map(({ sequence }) => sequence)).toEqual([3, 4, 5]);
  });

  it("takes a refusal for final", async () => {
    faults = { "/events": [404] };
    await expect(followBatch(batch(), () => undefined, signal)).rejects.toMatchObject({ name: "ProblemError" });
    expect(asked).toHaveLength(1);
  });

  it("ends with the reason of an abort while it waits", async () => {
    faults = { "/events": [503, 503, 503, 503] };
    const controller = new AbortController();
    const followed = followBatch(batch(), () => undefined, controller.signal);
    setTimeout(() => controller.abort(new Error("enough")), 200);
    await expect(followed).rejects.toThrow("enough");
  });
});

describe("downloadFiles", () => {
  it("saves files of equal bytes side by side, and leaves nothing else", async () => {
    expect(await downloadFiles(batch(), dir, signal)).toBe(8);
    expect((await readdir(join(dir, "a"))).toSorted()).toEqual(files.map(({ name }) => name.slice(2)));
    for (const { name } of files) expect(picture.equals(await readFile(join(dir, name)))).toBe(true);
  });

  it("asks again for rows and files that a server which is being replaced does not give", async () => {
    faults = { "/rows": [503], "/files/a/3.png": [502], "/files/a/4.png": [0] };
    expect(await downloadFiles(batch(), dir, signal)).toBe(8);
    faults = { "/files/a/5.png": [404] };
    await expect(downloadFiles(batch(), dir, signal)).rejects.toMatchObject({ name: "ProblemError" });
  });
});
