import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { isPublicAddress, pinAddress } from "./address-policy.ts";
import { type OutboundLimits, sendOutbound } from "./outbound-request.ts";

/** The server is on this machine, so its network has to be allowed; the names are ours alone. */
const names: Record<string, string[]> = {
  "shop.example": ["127.0.0.1"],
  "cdn.example": ["127.0.0.1"],
  "inside.example": ["10.0.0.1"],
  "mixed.example": ["93.184.216.34", "169.254.169.254"],
};
const policy = {
  allowNetworks: ["127.0.0.0/8"],
  resolve: async (host: string) => names[host] ?? [],
};
const limits: OutboundLimits = { maxBytes: 1000, timeoutMs: 2000, maxRedirects: 3, policy };

let server: Server;
let port: number;
const seen: { host: string | undefined; path: string | undefined; body: string }[] = [];

const answer: RequestListener = (request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    seen.push({ host: request.headers.host, path: request.url, body });
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    if (pathname === "/to") response.writeHead(302, { Location: searchParams.get("url") ?? "" }).end();
    else if (pathname === "/large") response.end(Buffer.alloc(2000));
    else if (pathname === "/chunks") endlessly(response.writeHead(200));
    else if (pathname === "/liar") response.writeHead(200, { "Content-Length": "500" }).write("short");
    else if (pathname === "/half")
      response.writeHead(200, { "Content-Length": "500" }).write("x", () => request.socket.destroy());
    else if (pathname === "/missing") response.writeHead(404).end("no");
    else response.end("picture");
  });
};

function endlessly(response: { write(text: Buffer): boolean; destroyed: boolean }): void {
  const timer = setInterval(() => {
    if (response.destroyed) clearInterval(timer);
    else response.write(Buffer.alloc(300));
  }, 1);
}

beforeAll(async () => {
  server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const get = (url: string, more: Partial<OutboundLimits> = {}) => sendOutbound({ url }, { ...limits, ...more });

describe("sendOutbound", () => {
  it("connects to the address it checked, keeps the host's name, sends a body", async () => {
    const { status, body, url } = await sendOutbound(
      { url: `http://shop.example:${port}/a`, method: "POST", body: "order" },
      limits,
    );
    expect({ status, body: body.toString(), url }).toEqual({
      status: 200,
      body: "picture",
      url: `http://shop.example:${port}/a`,
    });
    expect(seen.at(-1)).toEqual({ host: `shop.example:${port}`, path: "/a", body: "order" });
  });

  it("resolves each name once, so that a second answer can't lead elsewhere", async () => {
    let asked = 0;
    const rebinding = { ...policy, resolve: async () => [asked++ === 0 ? "127.0.0.1" : "10.0.0.1"] };
    expect((await get(`http://shop.example:${port}/`, { policy: rebinding })).status).toBe(200);
    expect(asked).toBe(1);
  });

  it("follows redirects between hosts and checks each", async () => {
    const to = (url: string): string => `http://shop.example:${port}/to?url=${encodeURIComponent(url)}`;
    expect((await get(to(`http://cdn.example:${port}/b`))).url).toBe(`http://cdn.example:${port}/b`);
    expect((await get(to("/relative"))).url).toBe(`http://shop.example:${port}/relative`);
    await expect(get(to("http://inside.example/"))).rejects.toMatchObject({ reason: "URL_FORBIDDEN" });
    await expect(get(to("http://169.254.169.254/latest/meta-data"))).rejects.toMatchObject({ reason: "URL_FORBIDDEN" });
    await expect(get(to("file:///etc/passwd"))).rejects.toMatchObject({ reason: "URL_INVALID" });
    const loop = to(`http://shop.example:${port}/to`);
    await expect(get(to(to(to(loop))))).rejects.toMatchObject({ reason: "URL_REDIRECTS" });
    expect((await get(to("/b"), { maxRedirects: 0 })).status).toBe(302);
  });

  it.each([
    ["http://inside.example/", "URL_FORBIDDEN"],
    ["http://mixed.example/", "URL_FORBIDDEN"],
    ["http://[::1]/", "URL_FORBIDDEN"],
    ["http://[::ffff:10.0.0.1]/", "URL_FORBIDDEN"],
    ["http://0x0a000001/", "URL_FORBIDDEN"],
    ["http://167772161/", "URL_FORBIDDEN"],
    ["http://0/", "URL_FORBIDDEN"],
    ["http://nowhere.example/", "URL_UNRESOLVED"],
    ["ftp://shop.example/", "URL_INVALID"],
    ["http://user:secret@shop.example/", "URL_INVALID"],
    ["shop.example", "URL_INVALID"],
  ])("refuses %s", async (url, reason) => {
    const failure = get(url);
    await expect(failure).rejects.toMatchObject({ reason });
    await expect(failure).rejects.not.toThrow("secret");
  });

  it("stops at its byte cap, declared or not", async () => {
    await expect(get(`http://shop.example:${port}/large`)).rejects.toMatchObject({ reason: "URL_TOO_LARGE" });
    await expect(get(`http://shop.example:${port}/chunks`)).rejects.toMatchObject({ reason: "URL_TOO_LARGE" });
  });

  it("stops at its time cap, in a body and in a name, and when it is aborted", async () => {
    const liar = `http://shop.example:${port}/liar`;
    await expect(get(liar, { timeoutMs: 100 })).rejects.toMatchObject({
      code: "DEADLINE_EXCEEDED",
      reason: "URL_TIMEOUT",
    });
    const silent = { ...policy, resolve: () => new Promise<never>(() => undefined) };
    await expect(get(liar, { timeoutMs: 100, policy: silent })).rejects.toMatchObject({ reason: "URL_TIMEOUT" });
    const why = new Error("enough");
    await expect(get(liar, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  });

  it("tells a broken connection from an answer", async () => {
    await expect(get(`http://shop.example:${port}/half`)).rejects.toMatchObject({ reason: "URL_UNREACHABLE" });
    expect(await get(`http://shop.example:${port}/missing`)).toMatchObject({ status: 404 });
    await expect(get(`http://shop.example:1/`)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      reason: "URL_UNREACHABLE",
    });
  });

  it("leaves no connection open", async () => {
    await get(`http://shop.example:${port}/`);
    const open = await new Promise<number>((resolve) => server.getConnections((_error, count) => resolve(count)));
    expect(open).toBe(0);
  });
});

describe("public addresses", () => {
  it.each(["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:93.184.216.34"])("%s is one", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each(
    "127.0.0.1 10.1.2.3 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 255.255.255.255 224.0.0.1 192.0.2.1 198.18.0.1 240.0.0.1 :: ::1 fe80::1 fc00::1 fd00:ec2::254 ::ffff:127.0.0.1 64:ff9b::a00:1 2002:a00:1:: 2001:db8::1 ff02::1 text".split(
      " ",
    ),
  )("%s is none", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it("come from the system's resolver by default", async () => {
    await expect(pinAddress(new URL("http://localhost/"))).rejects.toMatchObject({ reason: "URL_FORBIDDEN" });
  });
});
