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
    reporters: ["default", "./tools/passed-failed.mjs"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
