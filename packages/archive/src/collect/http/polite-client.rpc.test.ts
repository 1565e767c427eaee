import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { PoliteClient, type PoliteOptions } from "./polite-client.ts";

/** A picture by its first bytes; the client looks at headers only. */
const PICTURE = Buffer.from("\x89PNG\r\n\x1a\n and more", "latin1");

let server: Server;
let base: string;
let asked: { path: string; at: number; agent: string | undefined }[] = [];
/** Answers for robots.txt, in turn; the last one stays. */
let robots: { status: number; text: string }[];

const misbehave = (request: IncomingMessage, response: ServerResponse): void => {
  const path = new URL(request.url ?? "/", "http://x").pathname;
  const before = asked.filter((entry) => entry.path === path).length;
  asked.push({ path, at: Date.now(), agent: request.headers["user-agent"] });
  const send = (status: number, headers: Record<string, string | number>, body: string | Buffer = ""): void => {
    response.writeHead(status, headers).end(body);
  };
  const picture = { "Content-Type": "image/png" };
  if (path === "/robots.txt") {
    const { status, text } = robots[Math.min(before, robots.length - 1)]!;
    send(status, { "Content-Type": "text/plain" }, text);
  } else if (path === "/busy") send(before === 0 ? 429 : 200, before === 0 ? { "Retry-After": "1" } : picture, PICTURE);
  else if (path === "/spent") send(429, { "Retry-After": "3600" });
  else if (path === "/shaky") send(before < 2 ? 503 : 200, picture, PICTURE);
  else if (path === "/gone") send(404, picture);
  else if (path === "/to-private") send(302, { Location: "http://169.254.169.254/latest/meta-data" });
  else if (path === "/to-picture") send(302, { Location: "/picture" });
  else if (path === "/html") send(200, { "Content-Type": "text/html" }, "<html>sign in</html>");
  else if (path === "/json") send(200, { "Content-Type": "application/json; charset=utf-8" }, '{"results":[]}');
  else if (path === "/half-json") send(200, { "Content-Type": "application/json" }, '{"results":[');
  else if (path === "/large") send(200, { ...picture, "Content-Length": 50 * 2 ** 20 });
  else if (path === "/endless") pour(response.writeHead(200, picture));
  else if (path === "/truncated") {
    response.writeHead(200, { ...picture, "Content-Length": 1000 }).write(PICTURE, () => request.socket.destroy());
  } else if (path === "/empty") send(200, picture);
  else if (path === "/silent") response.flushHeaders();
  else send(200, picture, PICTURE);
};

function pour(response: ServerResponse): void {
  const more = (): void => {
    if (!response.destroyed) response.write(Buffer.alloc(65_536), more);
  };
  more();
}

beforeAll(async () => {
  server = createServer(misbehave);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  asked = [];
  robots = [{ status: 404, text: "" }];
});

const createClient = (options: Partial<PoliteOptions> = {}): PoliteClient =>
  new PoliteClient({
    userAgent: "moodarchive (+test@example.org)",
    intervalMs: 0,
    backoffMs: 5,
    timeoutMs: 5000,
    policy: { allowNetworks: ["127.0.0.0/8"] },
    ...options,
  });
const times = (path: string): number => asked.filter((entry) => entry.path === path).length;

describe("PoliteClient.getImage", () => {
  it("fetches a picture and says who asks", async () => {
    expect(await createClient().getImage(`${base}/picture`)).toEqual({ bytes: PICTURE, mediaType: "image/png" });
    expect(asked[0]?.agent).toBe("moodarchive (+test@example.org)");
    expect((await createClient().getImage(`${base}/to-picture`)).bytes).toEqual(PICTURE);
  });

  it("waits as long as Retry-After says, then asks again", async () => {
    await createClient().getImage(`${base}/busy`);
    const [first, second] = asked;
    expect(times("/busy")).toBe(2);
    expect(second!.at - first!.at).toBeGreaterThanOrEqual(990);
  });

  it("stops the run rather than wait for an hour", async () => {
    const spent = createClient().getImage(`${base}/spent`);
    await expect(spent).rejects.toMatchObject({
      reason: "PROVIDER_FAILED",
      message: expect.stringContaining("3600 s"),
    });
    expect(times("/spent")).toBe(1);
  });

  it("tries again after a server error and after a body cut short", async () => {
    await createClient().getImage(`${base}/shaky`);
    expect(times("/shaky")).toBe(3);
    await expect(createClient().getImage(`${base}/truncated`)).rejects.toMatchObject({ reason: "DOWNLOAD_FAILED" });
    expect(times("/truncated")).toBe(4);
  });

  it.each([
    ["/gone", "status 404"],
    ["/html", "expected a picture, got text/html"],
    ["/empty", "0 bytes"],
    ["/large", "more than 20971520 bytes"],
    ["/to-private", "169.254.169.254"],
  ])("refuses %s at once", async (path, why) => {
    const refused = createClient().getImage(`${base}${path}`);
    await expect(refused).rejects.toMatchObject({ reason: "DOWNLOAD_FAILED", message: expect.stringContaining(why) });
    expect(times(path)).toBe(1);
  });

  it("stops an endless body at the limit and a silent server at the deadline", async () => {
    const small = createClient({ maxBytes: 200_000 });
    await expect(small.getImage(`${base}/endless`)).rejects.toThrow(/more than 200000 bytes/);
    const hasty = createClient({ timeoutMs: 200, attempts: 2 });
    await expect(hasty.getImage(`${base}/silent`)).rejects.toThrow(/within 200 ms.*2 times/);
  });

  it("does not reach private networks unless they are allowed", async () => {
    const strict = new PoliteClient({ userAgent: "moodarchive (+x)", intervalMs: 0 });
    await expect(strict.getImage(`${base}/picture`)).rejects.toMatchObject({ reason: "DOWNLOAD_FAILED" });
    expect(asked).toEqual([]);
  });

  it("obeys robots.txt, which it reads once", async () => {
    robots = [{ status: 200, text: "User-agent: moodarchive\nDisallow: /private\n" }];
    const client = createClient();
    await client.getImage(`${base}/picture`, { robots: true });
    await expect(client.getImage(`${base}/private/a`, { robots: true })).rejects.toThrow(/robots.txt disallows/);
    expect([times("/robots.txt"), times("/private/a")]).toEqual([1, 0]);
  });

  it("asks for robots.txt again after a server error, and stops the run while it cannot be read", async () => {
    robots = [503, 503, 200].map((status) => ({ status, text: "" }));
    const hasty = createClient({ attempts: 2 });
    const stopped = hasty.getImage(`${base}/picture`, { robots: true });
    await expect(stopped).rejects.toMatchObject({
      reason: "PROVIDER_FAILED",
      message: expect.stringMatching(/robots.txt.*status 503, 2 times.*--skip-unreachable/),
    });
    expect(times("/picture")).toBe(0);
    await hasty.getImage(`${base}/picture`, { robots: true });
    expect(times("/robots.txt")).toBe(3);
    asked = [];
    await createClient({ attempts: 3 }).getImage(`${base}/picture`, { robots: true });
    expect(times("/robots.txt")).toBe(3);
  });

  it("refuses the pictures of a site without a readable robots.txt when told to skip it", async () => {
    robots = [{ status: 503, text: "" }];
    const client = createClient({ attempts: 2, skipUnreachable: true });
    for (const path of ["/picture", "/picture-2"]) {
      const refused = client.getImage(`${base}${path}`, { robots: true });
      await expect(refused).rejects.toMatchObject({ reason: "DOWNLOAD_FAILED" });
    }
    expect(times("/robots.txt")).toBe(2);
  });

  it("takes a private address for a fault of the picture, also where robots.txt comes first", async () => {
    const refused = createClient().getImage("http://10.0.0.1/picture", { robots: true });
    await expect(refused).rejects.toMatchObject({ reason: "DOWNLOAD_FAILED" });
  });

  it("keeps requests to one host apart", async () => {
    const client = createClient({ intervalMs: 120 });
    const start = Date.now();
    await Promise.all([1, 2, 3].map((n) => client.getImage(`${base}/picture-${n}`)));
    expect(Math.max(...asked.map(({ at }) => at)) - start).toBeGreaterThanOrEqual(235);
  });

  it("lets an abort end the wait", async () => {
    const controller = new AbortController();
    const waiting = createClient({ backoffMs: 60_000 }).getImage(`${base}/truncated`, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 100);
    await expect(waiting).rejects.toThrow();
  });
});

describe("PoliteClient.getJson", () => {
  it("reads JSON, and stops the run at anything else", async () => {
    expect(await createClient().getJson(`${base}/json`)).toEqual({ results: [] });
    for (const path of ["/html", "/half-json", "/gone"]) {
      const secret = createClient().getJson(`${base}${path}?key=hidden`);
      await expect(secret).rejects.toMatchObject({ reason: "PROVIDER_FAILED" });
      await expect(secret).rejects.not.toThrow(/hidden/);
    }
  });
});
