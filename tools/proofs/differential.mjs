// npm run proof -- differential [report] [seed] [count]: every request script of engine/src/apiserver on this server and on a real kube-apiserver out of
// KEELSON_ORACLES. Tells how many ran and how many differ; each difference goes to the report.
import { runTests } from "../leash.mjs";

const [report = "differential.txt", seed = "1", count = "720"] = process.argv.slice(2);
const env = { KEELSON_PROOF: "differential", KEELSON_REPORT: report, KEELSON_SEED: seed, KEELSON_COUNT: count };
process.exit(await runTests(["engine/src/apiserver/differential.test.ts"], { env }));
