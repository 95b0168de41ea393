// Builds what is stale: the engine's rings by the compiler's own records and the command line out of them, then the
// console when its sources changed.
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(command, args, cwd = root) {
  const done = spawnSync(process.execPath, [command, ...args], { cwd, stdio: ["ignore", "inherit", "inherit"] });
  if (done.error) throw done.error;
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** Path, size and time of every file below: equal text means that nothing was touched. */
function stampOf(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return `${path} ${stat.size} ${stat.mtimeMs}\n`;
  return readdirSync(path)
    .sort()
    .filter((name) => name !== "dist" && name !== "node_modules" && !name.includes(".test.") && name !== "testdata")
    .map((name) => stampOf(join(path, name)))
    .join("");
}

/** Runs `build` unless nothing changed since it last ran and its result is there. */
async function whenStale({ name, inputs, output, build }) {
  const record = join(root, "engine", "dist", ".info", `${name}.stamp`);
  const stamp = inputs.map((input) => stampOf(join(root, input))).join("");
  if (existsSync(join(root, output)) && existsSync(record) && readFileSync(record, "utf8") === stamp) return;
  await build();
  mkdirSync(join(root, "engine", "dist", ".info"), { recursive: true });
  writeFileSync(record, stamp);
}

export async function buildAll() {
  const bin = (name, file) => join(root, "node_modules", name, file);
  if (!existsSync(bin("typescript", "bin/tsc"))) {
    if (existsSync(join(root, "engine/dist/main.js"))) return;
    console.error("keelson: the compiler is not installed; run `npm install` (with development dependencies) first");
    process.exit(1);
  }
  const settings = ["engine/package.json", "tsconfig.base.json", "tsconfig.json", "engine/tsconfig.main.json"];
  await whenStale({
    name: "engine",
    inputs: ["engine/src", ...settings, "tools/bundle.mjs", "engine/bin"],
    output: "engine/dist/command/main.cjs",
    build: async () => {
      run(bin("typescript", "bin/tsc"), ["-b", "engine/tsconfig.main.json"]);
      const { bundleCommand } = await import("./bundle.mjs");
      await bundleCommand(join(root, "engine", "dist"));
    },
  });
  await whenStale({
    name: "console",
    inputs: ["console/src", "console/public", "console/index.html", "console/vite.config.ts", "console/package.json"],
    output: "console/dist/index.html",
    build: () => run(bin("vite", "bin/vite.js"), ["build", "--logLevel", "warn"], join(root, "console")),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
