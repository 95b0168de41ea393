#!/usr/bin/env node
// Starts the built command; in a checkout that was never built, builds it first. The bundle starts sooner than the
// compiler's own output; where somebody compiled after bundling, the latter is the newer. A script, no module: Node loads those sooner.

const { existsSync, statSync } = require("node:fs");
const nodeModules = require("node:module");
const path = require("node:path");

const dist = path.join(__dirname, "..", "dist");
const bundled = path.join(dist, "command", "main.cjs");
const compiled = path.join(dist, "main.js");

/** When `file` was written, in milliseconds; 0 where it is not. */
function writtenAt(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

if (!existsSync(compiled)) {
  const { spawnSync } = require("node:child_process");
  const build = path.join(__dirname, "..", "..", "tools", "build.mjs");
  const done = spawnSync(process.execPath, [build], { stdio: ["ignore", 2, 2] });
  if (done.status !== 0) process.exit(1);
}
// Node 22 and later keep compiled code between starts, for what was built by another version.
nodeModules.enableCompileCache?.();
const bundledAt = writtenAt(bundled);
if (bundledAt > 0 && bundledAt >= writtenAt(path.join(dist, ".info", "main.tsbuildinfo")))
  require("./code-cache.cjs").start(path.dirname(bundled));
else void import(require("node:url").pathToFileURL(compiled).href);
