import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

export default defineConfig({
  ssr: {
    resolve: { conditions: ["source", "node", "import", "module", "default"], externalConditions: ["source", "node"] },
  },
  resolve: { conditions: ["source", "node", "import", "module", "default"] },
  test: {
    include: ["engine/src/**/*.test.ts", "tools/**/*.test.ts", "scenarios/**/*.test.ts", "console/src/**/*.test.ts"],
    pool: "threads",
    isolate: false,
    // Two at least: most of what is slow waits for other processes.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: ["default", "./tools/passed-failed.mjs"],
    // They tell a hang from a busy machine, nothing else.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // On a shared CI machine a test may meet a moment without a processor. What passes only when tried again is listed as unsteady.
    retry: process.env["CI"] ? 2 : 0,
  },
});
