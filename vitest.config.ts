import { defineConfig } from "vitest/config";

export default defineConfig({
  // The "source" condition of each workspace package points at src/, so tests run without a build.
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    include: ["{packages,services,apps}/*/src/**/*.test.ts", "tests/**/*.test.ts"],
    // Suites that need tools beyond npm; each has a config and an npm script of its own.
    exclude: ["**/node_modules/**", "tests/{archive,chart,images,kube,openapi,production,s3,world}/**"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
