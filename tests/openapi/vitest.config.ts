import { defineConfig } from "vitest/config";

/** Requests made from the OpenAPI document: `npm run test:openapi`. The first run installs schemathesis with pip. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: { include: ["tests/openapi/**/*.test.ts"], testTimeout: 3_600_000, hookTimeout: 600_000 },
});
