// Records artifacts that Notary Project's own library has signed, and what its verifier says of each under a trust policy.
// Usage: node oracles/build.mjs notation && node tools/record-notation.mjs

import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = join(process.env.KEELSON_ORACLES ?? join(root, "oracles/bin"), "notation");
const folder = join(root, "engine/src/sources/notation/testdata/notation");
mkdirSync(folder, { recursive: true });
const text = execFileSync(program, { encoding: "utf8", maxBuffer: 64 << 20 });
const { cases, ...rest } = JSON.parse(text);
// Maps come in any order out of Go.
const sorted = cases.sort((a, b) => (a.name < b.name ? -1 : 1));
writeFileSync(join(folder, "recorded.json"), `${JSON.stringify({ ...rest, cases: sorted }, null, 1)}\n`);
console.log(`${cases.length} cases`);
