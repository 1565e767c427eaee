import { createHash } from "node:crypto";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { run } from "../program.ts";

const key = {
  id: "8f14e45fceea167a",
  prefix: "mood_8f14e45fceea167a",
  tenant_id: "acme",
  name: "import",
  scopes: ["read", "write"],
  status: "active",
  created_at: "2026-01-15T09:30:00.000Z",
  expires_at: "2027-01-15T09:30:00.000Z",
};
const refusal = {
  status: 403,
  detail: "This needs a key with the scope.",
  code: "PERMISSION_DENIED",
  reason: "SCOPE_MISSING",
};

let server: Server;
let url: string;
let seen: { line: string; authorization: string | undefined; body: string }[];
let printed: string;
let complained: string;

beforeAll(async () => {
  server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      const line = `${request.method} ${request.url}`;
      seen.push({ line, authorization: request.headers.authorization, body });
      response.setHeader("content-type", "application/json");
      if (line === "GET /v1/keys?limit=200") response.end(JSON.stringify({ keys: [key], next_cursor: "next" }));
      else if (line === "GET /v1/keys?limit=200&cursor=next")
        response.end(JSON.stringify({ keys: [{ ...key, name: "second" }] }));
      else if (line.endsWith(":revoke")) response.end(JSON.stringify({ ...key, status: "revoked" }));
      else if (line === "POST /v1/keys" || (line.startsWith("POST /v1/") && line.endsWith(":rotate"))) {
        response.writeHead(201).end(JSON.stringify({ key, secret: "mood_8f14e45fceea167a_secret" }));
      } else response.writeHead(403, { "content-type": "application/problem+json" }).end(JSON.stringify(refusal));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  [seen, printed, complained] = [[], "", ""];
  vi.stubEnv("MOODIFIER_API_KEY", "mood_admin");
  vi.spyOn(process.stdout, "write").mockImplementation((text) => ((printed += String(text)), true));
  vi.spyOn(process.stderr, "write").mockImplementation((text) => ((complained += String(text)), true));
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe("moodifier keys", () => {
  it("create asks for the key and prints the secret alone", async () => {
    const args = [
      "keys",
      "create",
      "--server",
      url,
      "--name",
      "import",
      "--scope",
      "read",
      "write",
      "--tenant",
      "acme",
      "--days",
      "30",
    ];
    expect(await run(args)).toBe(0);
    expect(printed).toBe("mood_8f14e45fceea167a_secret\n");
    expect(seen).toEqual([{ line: "POST /v1/keys", authorization: "Bearer mood_admin", body: expect.any(String) }]);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({
      name: "import",
      scopes: ["read", "write"],
      tenant_id: "acme",
      expires_in_days: 30,
    });
  });

  it("list reads every page", async () => {
    expect(await run(["keys", "list", "--server", url])).toBe(0);
    expect(printed.split("\n").map((line) => line.split(/\s{2,}/).at(-1))).toEqual(["import", "second", ""]);
  });

  it("rotate and revoke name the key", async () => {
    expect(await run(["keys", "rotate", key.id, "--server", url, "--grace", "60"])).toBe(0);
    expect(await run(["keys", "revoke", key.id, "--server", url])).toBe(0);
    expect(seen.map(({ line }) => line)).toEqual([`POST /v1/keys/${key.id}:rotate`, `POST /v1/keys/${key.id}:revoke`]);
    expect(JSON.parse(seen[0]?.body ?? "")).toEqual({ grace_seconds: 60 });
  });

  it("bootstrap makes a key and the hash that the gateway is configured with", async () => {
    expect(await run(["keys", "bootstrap", "--json"])).toBe(0);
    const { key: secret, operator_keys: configured } = JSON.parse(printed) as { key: string; operator_keys: string };
    expect(configured).toBe(`${secret.split("_")[1]}:${createHash("sha256").update(secret).digest("hex")}`);
  });

  it("tells what the gateway refused, and that a server is needed", async () => {
    expect(await run(["keys", "rotate", "x/y", "--server", `${url}/nowhere`])).toBe(2);
    expect(complained).toContain("SCOPE_MISSING");
    expect(await run(["keys", "list"])).toBe(2);
    expect(complained).toContain("MOODIFIER_SERVER");
  });
});
