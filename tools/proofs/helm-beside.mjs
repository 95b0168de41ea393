// What keelson helm prints and what it waits for beside the real helm, on the embedded control plane and on a real kube-apiserver.
// Usage: npm run proof -- helm-beside; needs KEELSON_ORACLES

import { spawnSync } from "node:child_process";

const tests = ["differential", "words"].map((name) => `engine/src/cli/helm/${name}.test.ts`);
const done = spawnSync("npx", ["vitest", "run", ...tests, "--reporter=verbose"], {
  stdio: "inherit",
  env: { ...process.env, KEELSON_PROOF: "helm-beside" },
});
process.exit(done.status ?? 1);
