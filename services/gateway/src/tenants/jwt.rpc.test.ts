import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type JwtSettings, jwtCheck } from "./jwt-check.ts";

const issuer = "https://issuer.example";
const audience = "moodifier";
const rsa = await generateKeyPair("RS256", { extractable: true });
const stranger = await generateKeyPair("RS256");
const elliptic = await generateKeyPair("ES256", { extractable: true });
let server: Server;
let settings: JwtSettings;

beforeAll(async () => {
  const keys = [
    { ...(await exportJWK(rsa.publicKey)), kid: "rsa", alg: "RS256" },
    { ...(await exportJWK(elliptic.publicKey)), kid: "ec", alg: "ES256" },
  ];
  server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/jwks`;
  settings = { issuer, audience, jwksUrl, algorithms: ["RS256"], tenantClaim: "tenant", scopeClaim: "scope" };
});
afterAll(() => server.close());

function token(claims: Record<string, unknown> = {}, header = { alg: "RS256", kid: "rsa" }) {
  return new SignJWT({ tenant: "acme", scope: "read write", ...claims })
    .setProtectedHeader(header)
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject("user-1")
    .setExpirationTime("5m");
}

const refused = { code: "UNAUTHENTICATED", reason: "AUTHENTICATION_REFUSED" };

describe("tokens of an issuer", () => {
  it("name the caller, the tenant and the scopes; nobody becomes an operator by token", async () => {
    const check = jwtCheck(settings);
    expect(await check(await token().sign(rsa.privateKey))).toEqual({
      tenantId: "acme",
      keyId: "jwt:user-1",
      scopes: ["read", "write"],
    });
    const listed = await token({ scope: ["moodifier:admin", "operator", "email"] }).sign(rsa.privateKey);
    expect(await check(listed)).toMatchObject({ scopes: ["admin"] });
    expect(await check("no-jwt")).toBeUndefined();
  });

  it("are refused with another issuer, audience, signer, or when they have ended", async () => {
    const check = jwtCheck(settings);
    const bad = [
      await token().setIssuer("https://other.example").sign(rsa.privateKey),
      await token().setAudience("another").sign(rsa.privateKey),
      await token().sign(stranger.privateKey),
      await token().setExpirationTime("-5m").sign(rsa.privateKey),
      await token().setNotBefore("5m").sign(rsa.privateKey),
      await token({ tenant: "../root" }).sign(rsa.privateKey),
      await token({ tenant: undefined }).sign(rsa.privateKey),
      await token({ exp: undefined })
        .sign(rsa.privateKey)
        .then((text) => text.replace(/\.[^.]+\./, ".e30.")),
    ];
    for (const text of bad) await expect(check(text)).rejects.toMatchObject(refused);
  });

  it("are refused with an algorithm that is not pinned: none, HMAC by the public key, another curve", async () => {
    const check = jwtCheck(settings);
    const body = (await token().sign(rsa.privateKey)).split(".")[1];
    const none = `${Buffer.from('{"alg":"none"}').toString("base64url")}.${body}.`;
    const secret = new TextEncoder().encode(await exportSPKI(rsa.publicKey));
    const hmac = await token({}, { alg: "HS256", kid: "rsa" }).sign(secret);
    const ec = await token({}, { alg: "ES256", kid: "ec" }).sign(elliptic.privateKey);
    for (const text of [none, hmac, ec]) await expect(check(text)).rejects.toMatchObject(refused);
    const both = jwtCheck({ ...settings, algorithms: ["RS256", "ES256"] });
    expect(await both(ec)).toMatchObject({ tenantId: "acme" });
  });

  it("can't be checked while the issuer is away, which is not the caller's fault", async () => {
    const check = jwtCheck({ ...settings, jwksUrl: "http://127.0.0.1:1/jwks" });
    const text = await token().sign(rsa.privateKey);
    await expect(check(text)).rejects.toMatchObject({ code: "UNAVAILABLE", reason: "ISSUER_UNAVAILABLE" });
  });
});
