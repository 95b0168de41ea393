// Loads the bundled command with V8's compiled code, which lies beside each file: parsing and compiling would take most of
// the time of a short command. Code of another version of Node is not accepted, and the files are loaded as usual.

const { existsSync, readdirSync, readFileSync, writeFileSync } = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");
const { setFlagsFromString } = require("node:v8");
const { constants, Script } = require("node:vm");

/** V8 takes code only where the flags are those with which it was made: short commands have code of their own. */
let codeName = "long.code";

const cacheOf = (file) => `${file}.${codeName}`;

/** Sets V8 up for a command that ends soon: before any of ours is compiled. */
exports.beShort = function beShort() {
  codeName = "code";
  setFlagsFromString("--interrupt-budget=2000000");
  // What a short command makes is hardly ever given back: room for it at once saves two collections of three.
  setFlagsFromString("--semi-space-growth-factor=16");
};

/** A file as a script that is a function of what modules see. */
function scriptOf(file) {
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, "utf8")}\n})`;
  const cachedData = existsSync(cacheOf(file)) ? readFileSync(cacheOf(file)) : undefined;
  const importModuleDynamically = constants?.USE_MAIN_CONTEXT_DEFAULT_LOADER;
  return new Script(source, { filename: file, cachedData, importModuleDynamically });
}

/** Commands that run on for days; the others end before optimized code has paid for its making. */
const longCommands = new Set(["up", "run"]);

/** Starts the command in `folder`; with `keeps`, what it compiles on its way is written down when it ends. */
exports.start = function start(folder, options) {
  if (!longCommands.has(process.argv[2])) exports.beShort();
  exports.load(path.join(folder, "main.cjs"), options);
};

/** Loads a file and those that it asks for; what it exports. */
exports.load = function load(main, { keeps = false } = {}) {
  const first = scriptOf(main);
  if (first.cachedDataRejected) return createRequire(main)(main);
  const modules = new Map();
  const scripts = new Map([[main, first]]);
  const loadOne = (file) => {
    const known = modules.get(file);
    if (known !== undefined) return known.exports;
    const module = { exports: {} };
    modules.set(file, module);
    const script = scripts.get(file) ?? scriptOf(file);
    if (keeps) scripts.set(file, script);
    const native = createRequire(file);
    const require = (id) => (id.startsWith(".") ? loadOne(path.resolve(path.dirname(file), id)) : native(id));
    script.runInThisContext().call(module.exports, module.exports, require, module, file, path.dirname(file));
    return module.exports;
  };
  if (keeps)
    process.on("exit", () => {
      for (const [file, script] of scripts) writeFileSync(cacheOf(file), script.createCachedData());
    });
  return loadOne(main);
};

/** Keeps the compiled code of the files that no command has run yet. */
exports.keepRest = function keepRest(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    const file = path.join(folder, name);
    if (!file.endsWith(".cjs") || existsSync(cacheOf(file))) continue;
    writeFileSync(cacheOf(file), scriptOf(file).createCachedData());
  }
};
