import { defineConfig } from "vitest/config";

/** Slow tests in which processes are killed: `npm run test:faults`. They need a build, PostgreSQL and libfaketime (apt-get install postgresql libfaketime), and root for a disk that can be filled. */
export default defineConfig({
  resolve: { conditions: ["source"] },
  ssr: { resolve: { conditions: ["source"], externalConditions: ["source"] } },
  test: {
    include: ["tests/faults/**/*.fault.ts"],
    testTimeout: 7_200_000,
    hookTimeout: 600_000,
    fileParallelism: false,
  },
});
