// What keelson helm prints and what it waits for beside the real helm, on the embedded control plane and on a real kube-apiserver.
// Usage: npm run proof -- helm-beside; needs KEELSON_ORACLES

import { runTests } from "../leash.mjs";

const tests = ["differential", "words"].map((name) => `engine/src/cli/helm/${name}.test.ts`);
process.exit(await runTests(tests, { env: { KEELSON_PROOF: "helm-beside" }, flags: ["--reporter=verbose"] }));
