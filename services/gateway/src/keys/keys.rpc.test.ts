import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";
import { makeKey } from "./key-secret.ts";

const operator = makeKey();
let gateway: GatewayUnderTest;

beforeAll(async () => {
  const operatorKeys = new Map([[operator.id, operator.hash.toString("hex")]]);
  gateway = await startGateway({ auth: "keys", operatorKeys });
});
afterAll(() => gateway.stop());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, never>;
}

async function call(key: string | undefined, method: string, path: string, fields?: object): Promise<Answer> {
  const response = await fetch(gateway.url + path, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(fields && { "content-type": "application/json" }),
    },
    ...(fields && { body: JSON.stringify(fields) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: (text === "" ? {} : JSON.parse(text)) as never };
}

interface Issued {
  readonly key: {
    readonly id: string;
    readonly tenant_id: string;
    readonly scopes: string[];
    readonly expires_at: string;
  };
  readonly secret: string;
}

async function issue(fields: object, by = operator.key): Promise<Issued> {
  const { status, body } = await call(by, "POST", "/v1/keys", { name: "test", ...fields });
  expect(status, JSON.stringify(body)).toBe(201);
  return body as unknown as Issued;
}

describe("the guard", () => {
  it("lets nobody in without a key, but tells everybody how it is", async () => {
    for (const path of ["/v1/emotions", "/v1/keys", "/v1/edits/x", "/v1/audit"]) {
      const { status, headers, body } = await call(undefined, "GET", path);
      expect([status, body["reason"]], path).toEqual([401, "AUTHENTICATION_REQUIRED"]);
      expect(headers.get("www-authenticate")).toBe('Bearer realm="moodifier"');
    }
    for (const path of ["/healthz", "/openapi.json"]) expect((await call(undefined, "GET", path)).status).toBe(200);
  });

  it("refuses keys that are not ours, are changed, or have another's secret, with the same words", async () => {
    const { secret } = await issue({ tenant_id: "acme" });
    const other = makeKey();
    const mixed = `${secret.slice(0, 22)}${other.key.slice(22)}`;
    const last = secret.endsWith("A") ? "B" : "A";
    for (const key of [other.key, mixed, secret.slice(0, -1) + last, "mood_", "x".repeat(100)]) {
      const { status, body } = await call(key, "GET", "/v1/emotions");
      expect([status, body["reason"]], key).toEqual([401, "AUTHENTICATION_REFUSED"]);
    }
    expect((await call(secret, "GET", "/v1/emotions")).status).toBe(200);
  });

  it("holds each key to its scopes", async () => {
    const { secret: reader } = await issue({ tenant_id: "acme", scopes: ["read"] });
    expect((await call(reader, "GET", "/v1/emotions")).status).toBe(200);
    for (const [method, path] of [
      ["POST", "/v1/edits"],
      ["POST", "/v1/plans"],
      ["GET", "/v1/keys"],
      ["POST", "/v1/keys"],
      ["GET", "/v1/audit"],
    ] as const) {
      const { status, body } = await call(reader, method, path);
      expect([status, body["reason"]], path).toEqual([403, "SCOPE_MISSING"]);
    }
  });
});

describe("keys", () => {
  it("are shown once and stored as a hash", async () => {
    const { key, secret } = await issue({ tenant_id: "acme", scopes: ["read", "write"], expires_in_days: 10 });
    expect(secret).toMatch(new RegExp(`^mood_${key.id}_[\\w-]{43}$`));
    expect(Date.parse(key.expires_at) - Date.now()).toBeGreaterThan(9.9 * 86_400_000);
    const { body } = await call(operator.key, "GET", `/v1/keys/${key.id}`);
    expect(body).toMatchObject({ id: key.id, prefix: `mood_${key.id}`, status: "active", tenant_id: "acme" });
    expect(JSON.stringify(body)).not.toContain(secret.slice(22));
  });

  it("are made by admins for their own tenant only, with no more than they have", async () => {
    const { secret: admin } = await issue({ tenant_id: "acme", scopes: ["read", "admin"] });
    expect((await issue({ scopes: ["read"] }, admin)).key.tenant_id).toBe("acme");
    for (const fields of [{ scopes: ["write"] }, { scopes: ["operator"] }, { scopes: ["read"], tenant_id: "other" }]) {
      const { status, body } = await call(admin, "POST", "/v1/keys", { name: "more", ...fields });
      expect([status, body["reason"]]).toEqual([403, "GRANT_TOO_WIDE"]);
    }
    const { secret: strong, key } = await issue({ tenant_id: "acme", scopes: ["write"] });
    expect(strong).toBeTruthy();
    expect((await call(admin, "POST", `/v1/keys/${key.id}:rotate`)).body["reason"]).toBe("GRANT_TOO_WIDE");
  });

  it("end at once when revoked, and stay revoked", async () => {
    const { key, secret } = await issue({ tenant_id: "acme" });
    const revoke = () => call(operator.key, "POST", `/v1/keys/${key.id}:revoke`);
    const first = await revoke();
    expect([first.status, first.body["status"]]).toEqual([200, "revoked"]);
    expect((await revoke()).body).toEqual(first.body);
    expect((await call(secret, "GET", "/v1/emotions")).status).toBe(401);
    expect((await call(operator.key, "POST", `/v1/keys/${key.id}:rotate`)).body["reason"]).toBe("KEY_NOT_ACTIVE");
  });

  it("are rotated: the new one works at once, the old one for its grace only", async () => {
    const { key, secret } = await issue({ tenant_id: "acme", scopes: ["read"] });
    const { status, body } = await call(operator.key, "POST", `/v1/keys/${key.id}:rotate`, { grace_seconds: 2 });
    expect(status).toBe(201);
    const next = body as unknown as Issued;
    expect(next.key).toMatchObject({ tenant_id: "acme", scopes: ["read"] });
    for (const one of [secret, next.secret]) expect((await call(one, "GET", "/v1/emotions")).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect((await call(secret, "GET", "/v1/emotions")).status).toBe(401);
    expect((await call(next.secret, "GET", "/v1/emotions")).status).toBe(200);
    const old = await call(operator.key, "GET", `/v1/keys/${key.id}`);
    expect(old.body).toMatchObject({ status: "expired", replaced_by: next.key.id });
  });

  it("are listed in pages, each tenant's apart", async () => {
    const { secret: admin } = await issue({ tenant_id: "pages", scopes: ["read", "admin"] });
    for (let i = 0; i < 4; i++) await issue({ scopes: ["read"] }, admin);
    const names: string[] = [];
    let cursor = "";
    do {
      const { body } = await call(admin, "GET", `/v1/keys?limit=2${cursor}`);
      const page = body as unknown as { keys: { id: string; tenant_id: string }[]; next_cursor?: string };
      expect(new Set(page.keys.map(({ tenant_id }) => tenant_id))).toEqual(new Set(["pages"]));
      names.push(...page.keys.map(({ id }) => id));
      cursor = page.next_cursor === undefined ? "" : `&cursor=${page.next_cursor}`;
    } while (cursor !== "");
    expect(new Set(names).size).toBe(5);
    expect(names).toHaveLength(5);
    expect((await call(admin, "GET", "/v1/keys?limit=0")).body["reason"]).toBe("FIELD_INVALID");
    expect((await call(admin, "GET", "/v1/keys?color=red")).body["reason"]).toBe("FIELD_UNKNOWN");
  });

  it.each([
    [{ scopes: ["everything"] }, "FIELD_INVALID"],
    [{ tenant_id: "../x" }, "FIELD_INVALID"],
    [{ expires_in_days: 0 }, "FIELD_INVALID"],
    [{ colour: "red" }, "FIELD_UNKNOWN"],
  ])("refuse %j", async (fields, reason) => {
    const { status, body } = await call(operator.key, "POST", "/v1/keys", { name: "x", ...fields });
    expect([status, body["reason"]]).toEqual([400, reason]);
  });
});

describe("the audit log", () => {
  it("tells each tenant what was done in it, by whom and how it ended; reads leave no trace", async () => {
    const { secret, key } = await issue({ tenant_id: "audited", scopes: ["read", "write", "admin"] });
    await call(secret, "GET", "/v1/keys");
    await call(secret, "POST", "/v1/keys", { name: "" });
    const made = await issue({ scopes: ["read"] }, secret);
    await call(secret, "POST", `/v1/keys/${made.key.id}:revoke`);
    interface Event {
      readonly action: string;
      readonly key_id: string;
      readonly status: number;
      readonly target: string;
      readonly tenant_id: string;
    }
    let events: Event[] = [];
    // The row is written after the answer.
    await expect
      .poll(async () => (events = (await call(secret, "GET", "/v1/audit")).body["events"] as never))
      .toHaveLength(3);
    expect(events.map(({ action, status }) => [action, status])).toEqual([
      ["POST /v1/keys/:id:revoke", 200],
      ["POST /v1/keys", 201],
      ["POST /v1/keys", 400],
    ]);
    for (const event of events) expect(event).toMatchObject({ key_id: key.id, tenant_id: "audited" });
    expect(events[0]?.target).toBe(`/v1/keys/${made.key.id}:revoke`);
    expect(JSON.stringify(events)).not.toContain(made.secret.slice(22));
  });
});
