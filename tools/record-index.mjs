// Records how Helm's own library writes the indexes in engine/src/sources/charts/testdata/index, which is what Flux stores.
// Usage: node tools/record-index.mjs (Go and the module proxy are needed)

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../engine/src/sources/charts/testdata/index/", import.meta.url));
const module = fileURLToPath(new URL("../oracles/helm/", import.meta.url));
const version = /helm\.sh\/helm\/v4 (v[\d.]+)/.exec(readFileSync(`${module}go.mod`, "utf8"))?.[1];
writeFileSync(`${folder}VERSION`, `helm ${version}\n`);
for (const name of readdirSync(folder).filter((each) => each.endsWith(".yaml"))) {
  const done = spawnSync("go", ["run", "./index"], { cwd: module, input: readFileSync(folder + name) });
  if (done.status !== 0) throw new Error(`${name}: ${done.stderr.toString("utf8")}`);
  writeFileSync(`${folder}${name.replace(".yaml", ".json")}`, done.stdout);
}
