import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    root: "tests/images",
    include: ["*.test.ts"],
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 3_600_000,
  },
});
