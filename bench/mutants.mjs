// Mutation testing of the renderers: one operator or word of the compiled code is changed at a time, and the recorded cases
// must notice: kustomize's golden cases, and Helm's table of functions. What nobody noticed is printed. Needs the engine
// built (npx tsc -b).
//
//   npm run proof -- mutants [kustomize|helm|gotemplate] [count] [seed]
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomOf } from "./helm/template-values.mjs";

const [unit = "kustomize", count = "50", seed = "1"] = process.argv.slice(2);
const folders = { kustomize: "render/kustomize", helm: "render/helm", gotemplate: "formats/gotemplate" };
const engine = new URL("../engine", import.meta.url).pathname;
const random = randomOf(Number(seed));

const place = mkdtempSync(join(tmpdir(), "keelson-mutants-"));
for (const part of ["kernel", "formats", "render", "merge", "api"])
  cpSync(join(engine, "dist", part), join(place, "dist", part), { recursive: true });
cpSync(join(engine, "package.json"), join(place, "package.json"));
symlinkSync(join(engine, "..", "node_modules"), join(place, "node_modules"));

/** What may be changed, and to what. */
const changes = [
  [" === ", " !== "],
  [" !== ", " === "],
  [" && ", " || "],
  [" || ", " && "],
  [" < ", " <= "],
  [" > ", " >= "],
  [" <= ", " < "],
  [" >= ", " > "],
  [" + 1", " - 1"],
  [" - 1", " + 1"],
  ["return true", "return false"],
  ["return false", "return true"],
  ["continue;", "break;"],
  [" ?? ", " && "],
  ["if (!", "if ("],
  [".slice(1)", ".slice(0)"],
];

const folder = join(place, "dist", folders[unit]);
const files = readdirSync(folder, { recursive: true }).filter(
  (name) => /(?<!\.test|\.golden)\.js$/.test(name) && !/data\//.test(name),
);
const spots = files.flatMap((name) => {
  const text = readFileSync(join(folder, name), "utf8");
  return changes.flatMap(([from, to]) => {
    const found = [];
    for (let at = text.indexOf(from); at >= 0; at = text.indexOf(from, at + 1)) {
      const line = text.slice(text.lastIndexOf("\n", at) + 1, text.indexOf("\n", at)).trim();
      if (!/^(\/\/|\*|import |export \{)/.test(line)) found.push({ name, at, from, to, line });
    }
    return found;
  });
});

const check = new URL(`./mutants-${unit === "kustomize" ? "kustomize" : "helm"}.mjs`, import.meta.url).pathname;
/** True when the recorded cases notice. A crash or an endless run is noticed too. */
const isNoticed = () => spawnSync(process.execPath, [check, place], { timeout: 120_000 }).status !== 0;

if (isNoticed()) throw new Error("the cases fail without any change");
const survivors = [];
for (let i = 0; i < Number(count); i++) {
  const spot = spots[Math.floor(random() * spots.length)];
  const path = join(folder, spot.name);
  const text = readFileSync(path, "utf8");
  writeFileSync(path, text.slice(0, spot.at) + spot.to + text.slice(spot.at + spot.from.length));
  if (!isNoticed()) {
    survivors.push(spot);
    console.log(`${spot.name}: "${spot.from.trim()}" as "${spot.to.trim()}" in: ${spot.line}`);
  }
  writeFileSync(path, text);
}
rmSync(place, { recursive: true, force: true });
console.log(`${Number(count) - survivors.length} of ${count} changes in ${folders[unit]} were noticed`);
