// npm run proof -- helmrelease-kills: the engine over HelmReleases killed at every single write of an install, an upgrade and a way back,
// before the write takes effect and after; what is started next comes to the same end, and no hook runs twice.
import { spawnSync } from "node:child_process";

const done = spawnSync("npx", ["vitest", "run", "engine/src/dialects/flux/releases/kill.test.ts"], {
  stdio: "inherit",
  env: { ...process.env, KEELSON_PROOF: "helmrelease-kills" },
});
process.exit(done.status ?? 1);
