// npm run proof -- helmrelease-kills [embedded|real] [STEP]: the engine over HelmReleases killed at every single write (or every STEP-th) of an
// install, an upgrade and a way back, before the write takes effect and after; what is started next comes to the same end, and no hook runs
// twice. `real`: over the kube-apiserver in KEELSON_ORACLES.
import { runTests } from "../leash.mjs";

const [server = "embedded", step = "1"] = process.argv.slice(2);
if (server === "real" && process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const env = { KEELSON_PROOF: "helmrelease-kills", KEELSON_SERVER: server, KEELSON_STEP: step };
process.exit(await runTests(["engine/src/dialects/flux/releases/kill.test.ts"], { env }));
