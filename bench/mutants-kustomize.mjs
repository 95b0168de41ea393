// Builds every golden case with the engine in a folder; fails where one differs.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const [place] = process.argv.slice(2);
const { build } = await import(join(place, "dist/render/kustomize/index.js"));
const { memoryTree } = await import(join(place, "dist/kernel/index.js"));
const golden = new URL("../engine/src/render/kustomize/testdata/golden/", import.meta.url).pathname;

for (const name of readdirSync(golden)) {
  const root = join(golden, name);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const content = files.map((entry) => [
    relative(root, join(entry.parentPath, entry.name)),
    readFileSync(join(entry.parentPath, entry.name), "utf8"),
  ]);
  const { "expected.golden.yaml": expected, ...tree } = Object.fromEntries(content);
  if (build(memoryTree(tree), ".").text !== expected.slice(expected.indexOf("\n") + 1)) process.exit(1);
}
