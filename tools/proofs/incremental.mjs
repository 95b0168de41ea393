// What a fleet is after many commits, where each costs only those it concerns, against a fleet that saw the last commit alone.
// Usage: npm run proof -- incremental [COUNT] [SEED]

import { spawnSync } from "node:child_process";

const [count = "200", seed = `${Date.now() % 1e9}`] = process.argv.slice(2);
console.log(`${count} histories, seed ${seed}`);
const test = ["vitest", "run", "engine/src/dialects/flux/incremental.test.ts"];
const env = { ...process.env, KEELSON_INCREMENTAL_RUNS: count, KEELSON_INCREMENTAL_SEED: seed };
const done = spawnSync("npx", test, { stdio: "inherit", env });
process.exit(done.status ?? 1);
