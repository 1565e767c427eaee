import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMoodifierClient } from "./client.ts";
import { followEdit } from "./edit-events.ts";
import { MoodifierError, UnreachableError } from "./moodifier-error.ts";

const edit = { id: "e1", status: "succeeded", urls: {} };
const event = (sequence: number) =>
  `event: progress\nid: ${sequence}\ndata: ${JSON.stringify({ sequence, status: "editing" })}\n\n`;
const problem = {
  type: "urn:x",
  title: "No",
  status: 404,
  detail: "No edit has the id.",
  code: "NOT_FOUND",
  reason: "JOB_NOT_FOUND",
  retryable: false,
};

let server: Server;
let baseUrl: string;
const seen: { path: string; authorization: string | undefined; lastEventId: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer((request, response) => {
    const { url: path = "", headers } = request;
    const lastEventId = headers["last-event-id"] as string | undefined;
    seen.push({ path, authorization: headers.authorization, lastEventId });
    if (path === "/v1/edits/e1/events") {
      response.writeHead(200, { "content-type": "text/event-stream" });
      // The first connection breaks after two events.
      if (lastEventId === "0") response.write(`: ping\n\n${event(1)}${event(2)}`, () => request.socket.destroy());
      else response.end(event(3));
    } else if (path === "/v1/edits/e2/events" && seen.filter((each) => each.path === path).length === 1) {
      response.writeHead(503, { "content-type": "text/html" }).end("<html>proxy");
    } else if (path === "/v1/edits/e2/events") {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(event(1));
    } else if (path === "/v1/edits/e1" || path === "/v1/edits/e2")
      response.setHeader("content-type", "application/json").end(JSON.stringify(edit));
    else if (path === "/v1/emotions") response.writeHead(502, { "content-type": "text/html" }).end("<html>proxy");
    else
      response
        .writeHead(404, { "content-type": "application/problem+json", "retry-after": "7" })
        .end(JSON.stringify(problem));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe("the client", () => {
  it("sends its key and gives typed answers", async () => {
    const client = createMoodifierClient({ baseUrl, key: "mood_x" });
    const { data } = await client.GET("/v1/edits/{id}", { params: { path: { id: "e1" } } });
    expect(data?.status).toBe("succeeded");
    expect(seen.at(-1)).toMatchObject({ path: "/v1/edits/e1", authorization: "Bearer mood_x" });
  });

  it("turns problems, other answers and silence into errors of their own", async () => {
    const client = createMoodifierClient({ baseUrl });
    const missing = await client
      .GET("/v1/keys/{id}", { params: { path: { id: "x" } } })
      .catch((error: unknown) => error);
    expect(missing).toBeInstanceOf(MoodifierError);
    expect(missing).toMatchObject({ status: 404, reason: "JOB_NOT_FOUND", retryAfterSeconds: 7, problem });
    await expect(client.GET("/v1/emotions")).rejects.toMatchObject({ status: 502, reason: "NOT_A_GATEWAY" });
    const away = createMoodifierClient({ baseUrl: "http://127.0.0.1:1" });
    await expect(away.GET("/v1/emotions")).rejects.toBeInstanceOf(UnreachableError);
    const reason = new Error("enough");
    await expect(client.GET("/v1/emotions", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it("follows an edit over a broken connection without missing or repeating an event", async () => {
    const sequences: number[] = [];
    const ended = await followEdit(createMoodifierClient({ baseUrl }), "e1", {
      onProgress: ({ sequence }) => sequences.push(sequence),
    });
    expect(ended.status).toBe("succeeded");
    expect(sequences).toEqual([1, 2, 3]);
    expect(seen.filter(({ path }) => path.endsWith("/events")).map(({ lastEventId }) => lastEventId)).toEqual([
      "0",
      "2",
    ]);
  });

  it("goes on when the gateway is being replaced, and stops at what it refuses", async () => {
    const client = createMoodifierClient({ baseUrl });
    const sequences: number[] = [];
    const ended = await followEdit(client, "e2", { onProgress: ({ sequence }) => sequences.push(sequence) });
    expect(ended.status).toBe("succeeded");
    expect(sequences).toEqual([1]);
    await expect(followEdit(client, "missing")).rejects.toMatchObject({ status: 404 });
  });
});
