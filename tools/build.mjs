// Builds what is stale: the engine's rings by the compiler's own records, then the console when its sources changed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const bin = (name) => `${root}node_modules/.bin/${name}`;

function run(command, args, cwd = root) {
  const done = spawnSync(command, args, { cwd, stdio: "inherit" });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

if (!existsSync(bin("tsc"))) {
  console.error("keelson: the compiler is not installed; run `npm install` (with development dependencies) first");
  process.exit(1);
}
run(bin("tsc"), ["-b"]);
