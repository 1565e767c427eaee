import { defineConfig } from "vitest/config";

export default defineConfig({
  test: { root: "tests/chart", include: ["*.test.ts"], testTimeout: 300_000, hookTimeout: 1_800_000 },
});
