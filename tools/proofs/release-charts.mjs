// Real charts installed, upgraded and uninstalled by the real helm and by ours on a real kube-apiserver, and what each leaves.
// Usage: npm run proof -- release-charts [count] [from number]; needs KEELSON_ORACLES and KEELSON_CASES

import { runTests } from "../leash.mjs";

const [count = "50", from = "0"] = process.argv.slice(2);
const env = { KEELSON_PROOF: "release-charts", KEELSON_COUNT: count, KEELSON_FROM: from };
process.exit(await runTests(["engine/src/cli/helm/charts.test.ts"], { env, flags: ["--reporter=verbose"] }));
