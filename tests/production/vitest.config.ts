import { defineConfig } from "vitest/config";

// An imported family through the services. Run by `npm run test:production`, which makes the family first.
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: { include: ["tests/production/**/*.test.ts"], testTimeout: 900_000, hookTimeout: 900_000 },
});
