import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    root: "tests/archive",
    include: ["*.test.ts"],
    fileParallelism: false,
    testTimeout: 900_000,
    // The first run makes a Python environment.
    hookTimeout: 900_000,
  },
});
