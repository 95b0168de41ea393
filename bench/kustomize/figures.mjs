// Times of the real kustomize and of keelson on recorded trees: 200 small ones and the 5 largest, each program once a tree,
// and keelson in process, warm. Needs the engine built, KEELSON_CASES and KEELSON_ORACLES.
//
//   node bench/kustomize/figures.mjs
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const { build } = await import("../../engine/dist/render/kustomize/index.js");
const { DiskTree } = await import("../../engine/dist/cli/disk-tree.js");
const { memoryTree, readsHold } = await import("../../engine/dist/kernel/index.js");

const cases = join(process.env.KEELSON_CASES ?? "", "kustomize-trees");
const binary = join(process.env.KEELSON_ORACLES ?? "", "kustomize");
const cli = new URL("../../engine/bin/keelson.js", import.meta.url).pathname;

function readCases() {
  return readdirSync(cases).flatMap((repository) =>
    readFileSync(join(cases, repository, "cases.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter((one) => one.expect === "ok" && one.flags.length === 0)
      .map((one) => ({ id: one.id, bytes: one.bytes, folder: join(cases, repository, "tree", one.dir) })),
  );
}

function time(work) {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function buildOnce(folder) {
  const tree = new DiskTree();
  build(tree, folder.slice(1), { local: tree });
}

function inProcess(folder, warmUps) {
  for (let i = 0; i < warmUps; i++) buildOnce(folder);
  return Math.min(...Array.from({ length: 3 }, () => time(() => buildOnce(folder))));
}

function measure(one, warmUps) {
  return {
    id: one.id,
    kustomize: time(() => spawnSync(binary, ["build", one.folder])),
    command: time(() => spawnSync(process.execPath, [cli, "build", one.folder])),
    warm: inProcess(one.folder, warmUps),
  };
}

function sum(rows, field) {
  return Math.round(rows.reduce((total, row) => total + row[field], 0));
}

function report(title, rows) {
  const ratio = (sum(rows, "kustomize") / Math.max(1, sum(rows, "warm"))).toFixed(1);
  const slower = rows.filter((row) => row.warm > row.kustomize).length;
  console.log(
    `${title}: kustomize ${sum(rows, "kustomize")} ms, keelson ${sum(rows, "command")} ms, in process ${sum(rows, "warm")} ms (${ratio} times faster; slower on ${slower})`,
  );
}

const all = readCases().sort((a, b) => a.bytes - b.bytes);
const small = all.filter((_, i) => i % Math.ceil(all.length / 2 / 200) === 0).slice(0, 200);
report(
  `${small.length} small trees`,
  small.map((one) => measure(one, 2)),
);
const large = all.slice(-5).map((one) => measure(one, 3));
for (const row of large) report(row.id, [row]);

const files = Object.fromEntries(
  Array.from({ length: 1000 }, (_, i) => [
    `apps/a${i}/x.yaml`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a${i}\n`,
  ]),
);
files["apps/a1/kustomization.yaml"] = "resources: [x.yaml]\n";
const { reads } = build(memoryTree(files), "apps/a1").rendering;
const changed = memoryTree({ ...files, "apps/a7/x.yaml": "changed: true\n" });
console.log(
  `whether a change outside the reads matters, 1,000 files: ${time(() => readsHold(reads, changed)).toFixed(2)} ms (${readsHold(reads, changed)})`,
);
console.log(`memory: ${Math.round(process.memoryUsage().rss / 2 ** 20)} MB`);
