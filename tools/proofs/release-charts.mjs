// Real charts installed, upgraded and uninstalled by the real helm and by ours on a real kube-apiserver, and what each leaves.
// Usage: npm run proof -- release-charts [count] [from number]; needs KEELSON_ORACLES and KEELSON_CASES

import { spawnSync } from "node:child_process";

const [count = "50", from = "0"] = process.argv.slice(2);
const test = "engine/src/cli/helm/charts.test.ts";
const done = spawnSync("npx", ["vitest", "run", test, "--reporter=verbose"], {
  stdio: "inherit",
  env: { ...process.env, KEELSON_PROOF: "release-charts", KEELSON_COUNT: count, KEELSON_FROM: from },
});
process.exit(done.status ?? 1);
