// npm run proof -- recorded-objects [report]: every object of the recorded builds and charts in KEELSON_CASES, created and applied as a dry
// run on this server and on a real kube-apiserver out of KEELSON_ORACLES. Tells how many answers differ; each difference goes to the report.
import { runTests } from "../leash.mjs";

const [report = "recorded-objects.txt"] = process.argv.slice(2);
const env = { KEELSON_PROOF: "recorded-objects", KEELSON_REPORT: report };
process.exit(await runTests(["engine/src/apiserver/recorded-objects.test.ts"], { env }));
