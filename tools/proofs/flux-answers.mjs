// Random inputs through Flux's own libraries and through Keelson: substitution, normalised objects, order, conditions, history.
// Usage: KEELSON_ORACLES=… npm run proof -- flux-answers [COUNT] [SEED]

import { runTests } from "../leash.mjs";

const [count = "5000", seed = `${Date.now() % 1e9}`] = process.argv.slice(2);
console.log(`${count} inputs of each sort, seed ${seed}`);
const tests = ["engine/src/delivery/flux-answers.test.ts", "engine/src/dialects/flux/flux-answers.test.ts"];
process.exit(await runTests(tests, { env: { KEELSON_FLUX_ANSWERS: count, KEELSON_FLUX_SEED: seed } }));
