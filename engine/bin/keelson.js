#!/usr/bin/env node
// Starts the built command; in a checkout that was never built, builds it first.
import { existsSync } from "node:fs";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/main.js", import.meta.url);
if (!existsSync(main)) {
  const build = fileURLToPath(new URL("../../tools/build.mjs", import.meta.url));
  const done = spawnSync(process.execPath, [build], { stdio: ["ignore", 2, 2] });
  if (done.status !== 0) process.exit(1);
}
await import(main.href);
