// Asks the table of functions and the recorded charts of the engine in a folder; fails where an answer differs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { renderer } from "./helm/renderer.mjs";

const [place] = process.argv.slice(2);
const { builtinApiVersions, Capabilities, defaultKubeVersion, loadChartFiles, seededEnvironment } = await import(
  join(place, "dist/render/helm/index.js")
);
const { renderTemplates } = await import(join(place, "dist/render/helm/engine.js"));
const { encodeUtf8 } = await import(join(place, "dist/kernel/index.js"));
const linesOf = (name) =>
  readFileSync(new URL(`../engine/src/render/helm/testdata/${name}`, import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const [preface, ...corners] = linesOf("functions/corners.jsonl");
const whole = ([text, ...answer]) => [text.includes("$v.") ? preface + text : text, ...answer];
const capabilities = new Capabilities(defaultKubeVersion, builtinApiVersions);
const recorded = (text) => text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd");
// Those that take long belong to others.
const slow = /genPrivateKey|bcrypt|htpasswd|derivePassword|genCA|genS/;

const render = await renderer(`${join(place, "dist")}/`);
const common = { "Chart.yaml": "apiVersion: v2\nname: top\nversion: 1.0.0\n" };
for (const { files, flags = [], out, error } of linesOf("charts/cases.jsonl")) {
  const placed = Object.entries({ ...common, ...files }).map(([path, text]) => [
    path.startsWith("/") ? path.slice(1) : `top/${path}`,
    text,
  ]);
  const got = render({ files: Object.fromEntries(placed), flags });
  const isSame = error === undefined ? got.out === out : got.error?.includes(error);
  if (!isSame) process.exit(1);
}

for (const [text, out, error] of [...corners.map(whole), ...linesOf("functions/answers.jsonl")]) {
  if (slow.test(text)) continue;
  const files = { "Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n", "templates/t": text };
  const values = { big: 1000000, n: 3, map: { a: 1, z: { y: "x" } }, yes: true };
  let got;
  try {
    const chart = loadChartFiles(Object.entries(files).map(([name, data]) => ({ name, data: encodeUtf8(data) })));
    const input = { chart, values, release: { Name: "r", Namespace: "default" }, capabilities };
    got =
      recorded(renderTemplates(input, { environment: seededEnvironment("test", 0) }).get("c/templates/t") ?? "") ===
      out;
  } catch (thrown) {
    got = error !== null && recorded(thrown.message) === recorded(error);
  }
  if (!got) process.exit(1);
}
