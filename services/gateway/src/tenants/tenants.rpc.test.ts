import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildOpenApi } from "../http/openapi.ts";
import { makeKey } from "../keys/key-secret.ts";
import { formOf, type GatewayUnderTest, startGateway } from "../testing/gateway-under-test.ts";

const operator = makeKey();
let gateway: GatewayUnderTest;
let folder: string;
const keys: Record<string, string> = {};
const things: Record<string, string> = {};

beforeAll(async () => {
  const operatorKeys = new Map([[operator.id, operator.hash.toString("hex")]]);
  folder = await mkdtemp(join(tmpdir(), "moodifier-tenants-"));
  const places = { batchBuckets: ["shop/{tenant}"], outputDir: join(folder, "{tenant}") };
  gateway = await startGateway({ auth: "keys", operatorKeys, webhookNetworks: ["127.0.0.0/8"], ...places });
  const scopes = ["read", "write", "webhooks", "admin"];
  for (const tenant of ["owner", "stranger"]) {
    const issued = await call(operator.key, "POST", "/v1/keys", { name: tenant, tenant_id: tenant, scopes });
    keys[tenant] = String(issued["secret"]);
  }
  things["keys"] =
    (await call(keys["owner"], "POST", "/v1/keys", { name: "second", scopes: ["read"] }))["key"]?.id ?? "";
  const hook = { url: "http://127.0.0.1:1/hook" };
  things["webhooks"] = (await call(keys["owner"], "POST", "/v1/webhooks", hook))["endpoint"]?.id ?? "";
  const form = formOf({ image: gateway.picture, emotion: "joy" });
  const edit = await fetch(`${gateway.url}/v1/edits`, { method: "POST", body: form, headers: bearer(keys["owner"]) });
  things["edits"] = ((await edit.json()) as { id: string }).id;
  const planned = formOf({ image: gateway.picture, emotion: "joy" });
  const plan = await fetch(`${gateway.url}/v1/plans`, {
    method: "POST",
    body: planned,
    headers: bearer(keys["owner"]),
  });
  things["plans"] = ((await plan.json()) as { id: string }).id;
});
afterAll(async () => {
  await gateway.stop();
  await rm(folder, { recursive: true });
});

const bearer = (key: string | undefined) => ({ authorization: `Bearer ${key}` });

async function call(key: string | undefined, method: string, path: string, fields?: object) {
  const response = await fetch(gateway.url + path, {
    method,
    headers: { ...bearer(key), ...(fields && { "content-type": "application/json" }) },
    ...(fields && { body: JSON.stringify(fields) }),
  });
  expect(response.status, `${method} ${path}`).toBeLessThan(300);
  return (await response.json()) as Record<string, { readonly id: string } | undefined>;
}

const open = ["/healthz", "/readyz", "/openapi.json"];
const routes = Object.entries(buildOpenApi()["paths"] as Record<string, object>).flatMap(([path, methods]) =>
  Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
);
const guarded = routes.filter(({ path }) => !open.includes(path));

it("knows every route of the description", () => {
  expect(guarded.length).toBeGreaterThan(20);
});

it.each(guarded)("$method $path wants a key", async ({ method, path }) => {
  const response = await fetch(gateway.url + path.replace(/\{\w+\}/g, "x"), { method });
  expect(response.status).toBe(401);
});

/** The owner's thing that a path is about, or an unknown one where the owner has none of the kind. */
function fill(path: string): string {
  const kind = /^\/v1\/(\w+)\//.exec(path)?.[1] ?? "";
  return path.replace("{id}", things[kind] ?? randomUUID()).replace(/\{\w+\}/g, "1");
}

it.each(guarded.filter(({ path }) => path.includes("{id}")))(
  "$method $path finds nothing of another tenant",
  async ({ method, path }) => {
    const isPatch = method === "PATCH";
    const response = await fetch(gateway.url + fill(path), {
      method,
      headers: { ...bearer(keys["stranger"]), ...(isPatch && { "content-type": "application/json" }) },
      ...(isPatch && { body: "{}" }),
    });
    const text = await response.text();
    // Forgetting what is not there is no error; the last test sees that the owner's plan is.
    if (method === "DELETE" && path === "/v1/plans/{id}") expect(response.status).toBe(204);
    else expect([response.status, text]).toEqual([404, expect.stringContaining("NOT_FOUND")]);
  },
);

it.each(guarded.filter(({ method, path }) => method === "GET" && !path.includes("{")))(
  "$method $path lists nothing of another tenant",
  async ({ path }) => {
    const mine = await (await fetch(gateway.url + path, { headers: bearer(keys["owner"]) })).text();
    const theirs = await fetch(gateway.url + path, { headers: bearer(keys["stranger"]) });
    expect(theirs.status).toBe(200);
    const text = await theirs.text();
    // The audit log names what the stranger itself has tried.
    if (path === "/v1/audit") expect(text).not.toContain('"tenant_id":"owner"');
    else for (const id of Object.values(things)) expect(text).not.toContain(id);
    const kind = path.split("/").at(-1) ?? "";
    if (things[kind] !== undefined) expect(mine).toContain(things[kind]);
  },
);

describe("batches", () => {
  async function postBatch(tenant: string, options: object, image?: string) {
    const form = new FormData();
    if (image !== undefined) form.append("manifest", new Blob([`image,emotion\n${image},joy\n`]), "manifest.csv");
    form.append("options", JSON.stringify(options));
    const headers = { ...bearer(keys[tenant]), prefer: "wait=60" };
    return fetch(`${gateway.url}/v1/batches`, { method: "POST", body: form, headers });
  }

  it.each([
    [{ source: "s3://shop/owner/pictures" }, undefined, "BUCKET_FORBIDDEN"],
    [{ output: { to: "s3://shop/owner" } }, "upload:x", "BUCKET_FORBIDDEN"],
    [{ output: { to: "s3://shop" } }, "upload:x", "BUCKET_FORBIDDEN"],
    [{ output: { to: "folder:../owner" } }, "upload:x", "FOLDER_FORBIDDEN"],
  ])("refuse the stranger %j", async (options, image, reason) => {
    const response = await postBatch("stranger", options, image);
    expect(await response.json()).toMatchObject({ status: 400, reason });
  });

  it("let no row of the stranger read the owner's picture", async () => {
    const posted = await postBatch("stranger", {}, "s3://shop/owner/a.png");
    const batch = (await posted.json()) as { id: string };
    const { rows } = (await (
      await fetch(`${gateway.url}/v1/batches/${batch.id}/rows`, { headers: bearer(keys["stranger"]) })
    ).json()) as { rows: object[] };
    expect(rows).toMatchObject([{ status: "failed", problem: { reason: "BUCKET_FORBIDDEN" } }]);
  });

  it("write below a folder of their tenant", async () => {
    const upload = await fetch(`${gateway.url}/v1/uploads`, {
      method: "POST",
      body: new Uint8Array(gateway.picture),
      headers: { ...bearer(keys["owner"]), "content-type": "image/png" },
    });
    const { reference } = (await upload.json()) as { reference: string };
    const batch = await postBatch("owner", { output: { to: "folder:made" } }, reference);
    expect(await batch.json()).toMatchObject({ status: "succeeded" });
    expect(await readdir(folder)).toEqual(["owner"]);
    expect(await readdir(join(folder, "owner/made"))).toHaveLength(1);
  });
});

it("leaves the owner's things as they were", async () => {
  const key = await call(keys["owner"], "GET", `/v1/keys/${things["keys"]}`);
  expect(key).toMatchObject({ status: "active" });
  const hook = await call(keys["owner"], "GET", `/v1/webhooks/${things["webhooks"]}`);
  expect(hook).toMatchObject({ enabled: true });
  const edit = await call(keys["owner"], "GET", `/v1/edits/${things["edits"]}`);
  expect(edit["status"]).not.toBe("cancelled");
  expect(await call(keys["owner"], "GET", `/v1/plans/${things["plans"]}`)).toMatchObject({ id: things["plans"] });
});
