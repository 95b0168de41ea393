// Random inputs through Flux's own libraries and through Keelson: substitution, normalised objects, order, conditions, history.
// Usage: KEELSON_ORACLES=… npm run proof -- flux-answers [COUNT] [SEED]

import { spawnSync } from "node:child_process";

const [count = "5000", seed = `${Date.now() % 1e9}`] = process.argv.slice(2);
console.log(`${count} inputs of each sort, seed ${seed}`);
const tests = ["engine/src/delivery/flux-answers.test.ts", "engine/src/dialects/flux/flux-answers.test.ts"];
const env = { ...process.env, KEELSON_FLUX_ANSWERS: count, KEELSON_FLUX_SEED: seed };
const done = spawnSync("npx", ["vitest", "run", ...tests], { stdio: "inherit", env });
process.exit(done.status ?? 1);
