// Bundles the compiled command line into `engine/dist/command`, one file a command with what commands share beside it:
// Node opens a few files instead of hundreds. The rings' own files stay what the library's exports and threads load.
import { renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { rolldown } from "rolldown";

/** Third-party code that few charts need and that takes longer to load than most charts take to render. */
const deferredPackages = /^(ajv\b.*|bcryptjs|@noble\/(curves|ciphers)\/.*|@sigstore\/.*|re2js|fflate)$/;

/** Each import of the deferred packages, as the compiler writes them: default, namespace or named. */
const importLine = /^import (?:(\w+)|\* as (\w+)|\{ ([^}]+) \}) from "([^"]+)";$/gm;

/** The file that holds a deferred package. */
function deferredName(specifier) {
  return specifier.replace(/\.js$/, "").replace(/[^\w-]+/g, "-");
}

/** Code that stands for what a package exports and loads it when it is first used. */
const deferral = `import { createRequire as createDeferredRequire } from "node:module";
const requireDeferred = createDeferredRequire(import.meta.url);
function deferred(load) {
  let loaded;
  const value = () => (loaded ??= load());
  return new Proxy(function () {}, {
    get: (_, key) => Reflect.get(value(), key),
    apply: (_, self, args) => Reflect.apply(value(), self, args),
    construct: (_, args) => Reflect.construct(value(), args),
  });
}
`;

/** Replaces imports of deferred packages; `found` gathers the packages, each with a file that imports it. */
function deferImports(code, importer, found) {
  let isChanged = false;
  const text = code.replace(importLine, (line, ...parts) => {
    const [whole, namespace, names, specifier] = parts;
    if (!deferredPackages.test(specifier)) return line;
    isChanged = true;
    found.set(specifier, importer);
    const load = `requireDeferred("./deferred/${deferredName(specifier)}.cjs")`;
    if (whole !== undefined) return `const ${whole} = deferred(() => ${load});`;
    if (namespace !== undefined) return `const ${namespace} = { default: deferred(() => ${load}) };`;
    const each = names.split(",").map((name) => name.trim().split(" as "));
    return each.map(([from, to = from]) => `const ${to} = deferred(() => ${load}.${from});`).join(" ");
  });
  return isChanged ? deferral + text : undefined;
}

/** Files keep finding what lies beside them: `import.meta.url` goes on naming the file that was bundled. */
function keepPlaces(code, file, folder) {
  const path = JSON.stringify(relative(folder, file).replaceAll("\\", "/"));
  return code.replaceAll("import.meta.url", `new URL(${path}, import.meta.url).href`);
}

/** Bundles `dist/main.js` into `dist/command`. What was there is replaced at once, never half written. */
export async function bundleCommand(dist) {
  const folder = join(dist, "command");
  const fresh = join(dist, ".command");
  const deferredFrom = new Map();
  const transform = (code, id) => {
    if (!id.startsWith(dist)) return undefined;
    const placed = keepPlaces(code, id, folder);
    const text = deferImports(placed, id, deferredFrom) ?? placed;
    return text === code ? undefined : { code: text, map: null };
  };
  rmSync(fresh, { recursive: true, force: true });
  const plugins = [{ name: "keelson", transform }];
  // The database is a native module: it stays where it was installed.
  const ours = await rolldown({
    input: { main: join(dist, "main.js") },
    platform: "node",
    external: ["lmdb"],
    plugins,
  });
  const chunkFileNames = ({ facadeModuleId: file, name }) =>
    file?.startsWith(dist) ? relative(dist, file).replace(/[\\/]/g, "-") : `${name}.js`;
  await ours.write({ dir: fresh, format: "es", chunkFileNames });
  const input = Object.fromEntries([...deferredFrom.keys()].map((name) => [deferredName(name), name]));
  const resolveFromImporter = {
    name: "keelson",
    resolveId(specifier, importer) {
      const from = deferredFrom.get(specifier);
      return importer === undefined && from !== undefined ? this.resolve(specifier, from) : undefined;
    },
  };
  // Only named exports of those that have both are asked for.
  const onLog = (level, log, next) => log.code !== "MIXED_EXPORTS" && next(level, log);
  const theirs = await rolldown({ input, platform: "node", plugins: [resolveFromImporter], onLog });
  const names = { entryFileNames: "[name].cjs", chunkFileNames: "[name].cjs" };
  await theirs.write({ dir: join(fresh, "deferred"), format: "cjs", ...names });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
}
