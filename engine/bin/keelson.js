#!/usr/bin/env node
// Starts the built command; in a checkout that was never built, builds it first. The bundle starts sooner than the
// compiler's own output; where somebody compiled after bundling, the latter is the newer.
import { existsSync, statSync } from "node:fs";
import module from "node:module";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const bundled = new URL("../dist/command/main.cjs", import.meta.url);
const compiled = new URL("../dist/main.js", import.meta.url);

/** When `url` was written, in milliseconds; 0 where it is not. */
function writtenAt(url) {
  return statSync(url, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (!existsSync(compiled)) {
  const { spawnSync } = await import("node:child_process");
  const build = fileURLToPath(new URL("../../tools/build.mjs", import.meta.url));
  const done = spawnSync(process.execPath, [build], { stdio: ["ignore", 2, 2] });
  if (done.status !== 0) process.exit(1);
}
// Node 22 and later keep compiled code between starts, for what was built by another version.
module.enableCompileCache?.();
const compiledAt = writtenAt(new URL("../dist/.info/main.tsbuildinfo", import.meta.url));
const isBundleNewest = existsSync(bundled) && writtenAt(bundled) >= compiledAt;
if (isBundleNewest)
  module
    .createRequire(import.meta.url)("./code-cache.cjs")
    .start(dirname(fileURLToPath(bundled)));
else await import(compiled.href);
