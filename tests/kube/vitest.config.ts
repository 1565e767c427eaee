import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    root: "tests/kube",
    include: ["*.test.ts"],
    fileParallelism: false,
    testTimeout: 300_000,
    // The first run on a machine builds the control plane.
    hookTimeout: 3_600_000,
  },
});
