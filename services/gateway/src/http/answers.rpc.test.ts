import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import { json } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { buildOpenApi } from "./openapi.ts";
import { problemSchema } from "./problem.ts";

let gateway: GatewayUnderTest;

beforeAll(async () => {
  gateway = await startGateway();
}, 180_000);

afterAll(() => gateway.stop());

async function problemOf(path: string, options: RequestInit = {}) {
  const response = await fetch(`${gateway.url}${path}`, options);
  expect(response.headers.get("content-type")).toMatch(/^application\/problem\+json/);
  const problem = problemSchema.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problem.request_id).toBe(response.headers.get("x-request-id"));
  return { problem, response };
}

const post = (body: NonNullable<RequestInit["body"]>, type?: string): RequestInit => ({
  method: "POST",
  body,
  ...(type !== undefined && { headers: { "Content-Type": type } }),
});

describe("problems", () => {
  it("tells that nothing is at a path", async () => {
    const { problem } = await problemOf("/v2/edits");
    expect(problem).toMatchObject({ status: 404, reason: "ROUTE_NOT_FOUND", instance: "/v2/edits" });
  });

  it("tells which methods a path takes", async () => {
    const { problem, response } = await problemOf("/v1/edits/some-id", { method: "DELETE" });
    expect(problem).toMatchObject({ status: 405, reason: "METHOD_NOT_ALLOWED", got: "DELETE" });
    expect(response.headers.get("allow")).toBe("GET");
  });

  it.each(["/v1/edits/none", "/v1/edits/none/result", "/v1/edits/none/events"])(
    "tells that %s is unknown",
    async (path) => {
      expect((await problemOf(path)).problem).toMatchObject({ status: 404, reason: "JOB_NOT_FOUND" });
    },
  );

  it("tells that a cancelled edit is unknown", async () => {
    expect((await problemOf("/v1/edits/none:cancel", { method: "POST" })).problem.reason).toBe("JOB_NOT_FOUND");
  });

  it.each([
    ["text/plain", "hello"],
    ["", ""],
  ])("refuses a body of type %j", async (type, body) => {
    const { problem } = await problemOf("/v1/edits", post(new Blob([body], { type })));
    expect(problem).toMatchObject({ status: 415, reason: "MEDIA_TYPE_UNSUPPORTED", argument: "Content-Type" });
  });

  it.each(["", "{", "[]", "null"])("refuses the JSON %j", async (body) => {
    const { problem } = await problemOf("/v1/edits", post(body, "application/json"));
    expect(problem).toMatchObject({ status: 400, reason: "BODY_MALFORMED", argument: "body" });
  });

  it.each(["multipart/form-data", "multipart/form-data; boundary=x"])("refuses a broken %s", async (type) => {
    const { problem } = await problemOf(
      "/v1/edits",
      post('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\nno end', type),
    );
    expect(problem).toMatchObject({ status: 400, reason: "BODY_MALFORMED" });
  });

  it.each(["/v1/uploads/%00", "/v1/keys/a%00b", "/v1/edits?cursor=%00"])("refuses NUL in %s", async (path) => {
    expect((await problemOf(path)).problem).toMatchObject({ status: 400, reason: "URL_INVALID", argument: "URL" });
  });

  it.each(["a\0b", "half of \ud83d"])(
    "refuses the text %j in JSON, in options and in rows, which no database keeps",
    async (text) => {
      const key = { method: "POST", headers: { "Content-Type": "application/json" } };
      const named = { ...key, body: JSON.stringify({ name: text, scopes: ["read"] }) };
      expect((await problemOf("/v1/keys", named)).problem).toMatchObject({ status: 400, argument: "name" });
      const form = (options: object, row: object): RequestInit => {
        const body = new FormData();
        body.append("options", JSON.stringify(options));
        body.append("manifest", new Blob([JSON.stringify(row)]));
        return post(body);
      };
      const row = { image: "upload:none", emotion: "joy" };
      const options = (await problemOf("/v1/batches", form({ name: text }, row))).problem;
      expect(options).toMatchObject({ status: 400, argument: "name" });
      const made = await fetch(`${gateway.url}/v1/batches`, form({}, { ...row, id: text }));
      expect(await made.json()).toMatchObject({ survey: { faults: [{ reason: "ROW_MALFORMED" }] } });
    },
  );

  it.each([
    Buffer.from("image,emotion\nupload:a,joy", "utf16le"),
    Buffer.from("image,emotion\nupload:\xe9,joy", "latin1"),
  ])("refuses a manifest that is not UTF-8 instead of guessing its names", async (manifest) => {
    const body = new FormData();
    body.append("manifest", new Blob([manifest]));
    expect((await problemOf("/v1/batches", post(body))).problem).toMatchObject({
      status: 400,
      reason: "MANIFEST_MALFORMED",
    });
  });

  it("refuses a file of more than 32 MiB", async () => {
    const form = formOf({ image: Buffer.alloc(32 * 1024 * 1024 + 1), emotion: "joy" });
    expect((await problemOf("/v1/edits", post(form))).problem).toMatchObject({
      status: 413,
      reason: "PAYLOAD_TOO_LARGE",
      argument: "image",
    });
  });

  it("refuses fields and files that it doesn't know, repeated ones, and a picture as text", async () => {
    const { picture } = gateway;
    const form = formOf({ image: picture, emotion: "joy", smile: "wide" });
    expect((await problemOf("/v1/edits", post(form))).problem).toMatchObject({
      reason: "FIELD_UNKNOWN",
      argument: "smile",
    });
    const file = formOf({ picture, emotion: "joy" });
    expect((await problemOf("/v1/edits", post(file))).problem).toMatchObject({
      reason: "FIELD_UNKNOWN",
      argument: "picture",
    });
    const twice = formOf({ image: picture, emotion: "joy" });
    twice.append("emotion", "fear");
    expect((await problemOf("/v1/edits", post(twice))).problem).toMatchObject({
      reason: "FIELD_REPEATED",
      argument: "emotion",
    });
    const text = formOf({ image: "a picture", emotion: "joy" });
    expect((await problemOf("/v1/edits", post(text))).problem).toMatchObject({
      reason: "FIELD_INVALID",
      argument: "image",
    });
    const missing = formOf({ emotion: "joy" });
    expect((await problemOf("/v1/edits", post(missing))).problem).toMatchObject({
      reason: "FIELD_MISSING",
      argument: "image",
    });
  });

  it.each([
    [{ image: "abc" }, "image"],
    [{ image: { data: "no base64!" } }, "image.data"],
    [{ image: { data: "AAAA", url: "x" } }, "image.url"],
  ])("refuses the picture %j in JSON", async (body, argument) => {
    const { problem } = await problemOf(
      "/v1/edits",
      post(JSON.stringify({ emotion: "joy", ...body }), "application/json"),
    );
    expect(problem).toMatchObject({ status: 400, argument });
  });
});

describe("small answers", () => {
  it("takes exactly the methods that the OpenAPI document names", async () => {
    const paths = buildOpenApi()["paths"] as Record<string, Record<string, unknown>>;
    for (const [path, methods] of Object.entries(paths)) {
      const { problem, response } = await problemOf(path.replace("{id}", "x"), { method: "PUT" });
      expect(problem.status, path).toBe(405);
      expect(response.headers.get("allow")?.toLowerCase().split(", "), path).toEqual(Object.keys(methods).toSorted());
    }
  });

  it("lives, is ready, lists emotions and describes itself", async () => {
    expect(await (await fetch(`${gateway.url}/healthz`)).json()).toEqual({ status: "ok" });
    expect(await (await fetch(`${gateway.url}/readyz`)).json()).toMatchObject({ status: "ready", down: [] });
    const { emotions } = (await (await fetch(`${gateway.url}/v1/emotions`)).json()) as { emotions: { name: string }[] };
    expect(emotions).toHaveLength(28);
    expect(await (await fetch(`${gateway.url}/openapi.json`)).json()).toMatchObject({ openapi: "3.1.0" });
  });

  it("returns the caller's request id when it is sane", async () => {
    for (const [sent, same] of [
      ["job-7", true],
      ["<script>", false],
    ] as const) {
      const response = await fetch(`${gateway.url}/healthz`, { headers: { "X-Request-Id": sent } });
      expect(response.headers.get("x-request-id") === sent).toBe(same);
    }
  });

  it("answers a client that stops in the middle of its upload by forgetting it", async () => {
    const { port } = new URL(gateway.url);
    const upload = httpRequest({
      port,
      method: "POST",
      path: "/v1/edits",
      headers: { "Content-Type": "multipart/form-data; boundary=x", "Content-Length": 100_000 },
    });
    upload.on("error", () => undefined);
    upload.write('--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\npart');
    await new Promise((resolve) => setTimeout(resolve, 50));
    upload.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await fetch(`${gateway.url}/healthz`)).status).toBe(200);
    expect(gateway.services.record.plans).toHaveLength(0);
  });
});

it.each([
  [
    "/v1/edits",
    "multipart/form-data; boundary=x",
    '--x\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n',
  ],
  ["/v1/edits", "application/json", '{"emotion": "'],
  ["/v1/uploads", "image/png", "\x89PNG"],
])("answers a body that trickles in to %s as %s with 408, and closes its connection", async (path, type, begin) => {
  const hurried = await startGateway({ uploadTimeoutMs: 300 });
  const { port } = new URL(hurried.url);
  const upload = httpRequest({
    port,
    method: "POST",
    path,
    headers: { "Content-Type": type, "Content-Length": 100_000 },
  });
  upload.on("error", () => undefined);
  upload.write(begin);
  const trickle = setInterval(() => upload.write("a"), 20);
  const closed = once(upload, "close");
  const [answer] = (await once(upload, "response")) as [IncomingMessage];
  const problem = await json(answer);
  expect(answer.headers.connection).toBe("close");
  expect(problem).toMatchObject({ status: 408, reason: "UPLOAD_TIMEOUT", retryable: true });
  await closed;
  clearInterval(trickle);
  expect((await fetch(`${hurried.url}/healthz`)).status).toBe(200);
  expect(hurried.services.record.plans).toHaveLength(0);
  await hurried.stop();
});

describe("POST /v1/plans", () => {
  it("returns the plan, and its overlay when asked", async () => {
    const form = formOf({ image: gateway.picture, emotion: "Joy", overlay: "true" });
    const response = await fetch(`${gateway.url}/v1/plans`, post(form));
    expect(response.status).toBe(201);
    const answer = (await response.json()) as { plan: object; overlay: { data: string } };
    expect(answer.plan).toMatchObject({ emotion: "joy", regions: [{ label: "mouth" }] });
    const overlay = Buffer.from(answer.overlay.data, "base64");
    expect(overlay.subarray(1, 4).toString()).toBe("PNG");
    expect(overlay.equals(gateway.picture)).toBe(false);
  });
});
