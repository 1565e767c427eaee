import { defineConfig } from "vitest/config";

// MoodWorld's products and places: needs Chromium (Debian: apt-get install chromium, else MOODIFIER_CHROMIUM) and some minutes.
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: { include: ["tests/world/**/*.test.ts"], testTimeout: 600_000, hookTimeout: 600_000, fileParallelism: false },
});
