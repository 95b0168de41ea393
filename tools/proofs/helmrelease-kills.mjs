// npm run proof -- helmrelease-kills [embedded|real] [STEP]: the engine over HelmReleases killed at every single write (or every STEP-th) of an
// install, an upgrade and a way back, before the write takes effect and after; what is started next comes to the same end, and no hook runs
// twice. `real`: over the kube-apiserver in KEELSON_ORACLES.
import { spawnSync } from "node:child_process";

const [server = "embedded", step = "1"] = process.argv.slice(2);
if (server === "real" && process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const done = spawnSync("npx", ["vitest", "run", "engine/src/dialects/flux/releases/kill.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, KEELSON_PROOF: "helmrelease-kills", KEELSON_SERVER: server, KEELSON_STEP: step },
});
process.exit(done.status ?? 1);
