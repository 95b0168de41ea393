// Puts the recorded tables into the engine: node record/emit.mjs < tables.json
import { readFileSync, writeFileSync } from "node:fs";
const tables = readFileSync(0, "utf8").trim();
const { version } = JSON.parse(tables);
const target = new URL("../../../engine/src/render/kustomize/data/tables.ts", import.meta.url);
writeFileSync(
  target,
  `// Recorded by oracles/kustomize/record from ${version}. Not edited by hand.\n\nexport const tablesText: string = ${JSON.stringify(tables)};\n`,
);
