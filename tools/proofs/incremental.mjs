// What a fleet is after many commits, where each costs only those it concerns, against a fleet that saw the last commit alone.
// Usage: npm run proof -- incremental [COUNT] [SEED]

import { runTests } from "../leash.mjs";

const [count = "200", seed = `${Date.now() % 1e9}`] = process.argv.slice(2);
console.log(`${count} histories, seed ${seed}`);
const env = { KEELSON_INCREMENTAL_RUNS: count, KEELSON_INCREMENTAL_SEED: seed };
process.exit(await runTests(["engine/src/dialects/flux/incremental.test.ts"], { env }));
