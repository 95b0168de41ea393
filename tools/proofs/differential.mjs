// npm run proof -- differential [report]: every request script of engine/src/apiserver on this server and on a real kube-apiserver out of
// KEELSON_ORACLES. Tells how many ran and how many differ; each difference goes to the report.
import { spawnSync } from "node:child_process";

const [report = "differential.txt"] = process.argv.slice(2);
const done = spawnSync("npx", ["vitest", "run", "engine/src/apiserver/differential.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, KEELSON_PROOF: "differential", KEELSON_REPORT: report },
});
process.exit(done.status ?? 1);
