import { describe, expect, it } from "vitest";
import { configSchema } from "../config.ts";
import { checkAuthSettings } from "./create-authenticator.ts";

const check = (settings: Record<string, unknown>) =>
  checkAuthSettings(
    configSchema.parse({ mllmAddress: "m:1", clipAddress: "c:1", diffusionAddress: "d:1", ...settings }),
  );

describe("authentication settings", () => {
  it.each(["127.0.0.1", "127.8.0.1", "localhost", "::1"])("may be off on %s", (host) => {
    expect(() => check({ host })).not.toThrow();
  });

  it.each(["0.0.0.0", "::", "10.0.0.1", "gateway.example"])(
    "must be on on %s, unless the operator opens it",
    (host) => {
      expect(() => check({ host })).toThrow(/MOODIFIER_AUTH: expected keys or jwt/);
      expect(() => check({ host, allowAnonymous: "true" })).not.toThrow();
      expect(() => check({ host, auth: "keys" })).not.toThrow();
    },
  );

  it("name what jwt lacks, and take no symmetric algorithm", () => {
    expect(() => check({ auth: "jwt", jwtIssuer: "https://i" })).toThrow(/MOODIFIER_JWT_AUDIENCE/);
    expect(() => check({ jwtAlgorithms: "RS256,HS256" })).toThrow();
    expect(() => check({ operatorKeys: "admin:secret" })).toThrow(/id:sha256/);
  });
});
