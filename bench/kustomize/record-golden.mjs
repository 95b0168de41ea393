// Records the expected text of every golden case anew, from the real kustomize in KEELSON_ORACLES, with its version.
//
//   node bench/kustomize/record-golden.mjs [case …]
import { spawnSync } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const folder = new URL("../../engine/src/render/kustomize/testdata/golden/", import.meta.url).pathname;
const binary = join(process.env.KEELSON_ORACLES ?? "oracles/bin", "kustomize");
const named = process.argv.slice(2);

for (const name of named.length > 0 ? named : readdirSync(folder)) {
  const run = spawnSync(binary, ["build", join(folder, name)]);
  if (run.status !== 0) throw new Error(`${name}: ${run.stderr}`);
  writeFileSync(join(folder, name, "expected.golden.yaml"), `# kustomize v5.8.2\n${run.stdout}`);
}
