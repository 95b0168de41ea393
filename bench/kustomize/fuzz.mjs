// Random trees through keelson and the real kustomize; every difference is written down. Needs the engine built (npm run
// build) and the batch oracle: (cd oracles/kustomize && go build -o FILE ./batch).
//
//   node bench/kustomize/fuzz.mjs FILE [count] [first seed]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { makeTree } from "./trees.mjs";

const { build } = await import("../../engine/dist/render/kustomize/index.js");
const { formatFault, memoryTree } = await import("../../engine/dist/kernel/index.js");

const [oracle, count = "1000", first = "1"] = process.argv.slice(2);
if (oracle === undefined) throw new Error("name the batch oracle: fuzz.mjs FILE [count] [first seed]");
const batchSize = 500;
const totals = { equal: 0, bothFail: 0, different: 0, crashed: 0 };

function ours({ files, path }) {
  try {
    return { out: build(memoryTree(files), path).text };
  } catch (thrown) {
    return thrown.code === undefined ? { crash: thrown.stack } : { err: formatFault(thrown) };
  }
}

/** Answers of the real one. It ends its process on some inputs: such a tree counts as failed, and the rest is asked anew. */
function askOracle(trees) {
  const answers = [];
  while (answers.length < trees.length) {
    const input = trees
      .slice(answers.length)
      .map((tree) => JSON.stringify(tree))
      .join("\n");
    const run = spawnSync(oracle, { input, maxBuffer: 2 ** 30 });
    for (const line of run.stdout.toString().split("\n")) if (line !== "") answers.push(JSON.parse(line));
    if (run.status !== 0) answers.push({ out: "", err: run.stderr.toString().split("\n").at(-2) ?? "ended" });
  }
  return answers;
}

const shown = [];
for (let seed = Number(first); seed < Number(first) + Number(count); seed += batchSize) {
  const seeds = Array.from({ length: Math.min(batchSize, Number(first) + Number(count) - seed) }, (_, i) => seed + i);
  const trees = seeds.map(makeTree);
  const answers = askOracle(trees);
  trees.forEach((tree, i) => {
    const got = ours(tree);
    const want = answers[i];
    if (got.crash !== undefined) totals.crashed++;
    else if (want.err !== "" && got.err !== undefined) return totals.bothFail++;
    else if (want.err === "" && got.out === want.out) return totals.equal++;
    else totals.different++;
    shown.push({ seed: seeds[i], got, want, tree });
  });
}
console.log(JSON.stringify(totals));
writeFileSync("/tmp/kustomize-fuzz.json", JSON.stringify(shown.slice(0, 200), null, 1));
for (const { seed, got, want } of shown.slice(0, 12)) {
  const mine = (got.crash ?? got.err ?? got.out).split("\n");
  const real = (want.err || want.out).split("\n");
  const at = real.findIndex((line, i) => line !== mine[i]);
  console.log(
    `seed ${seed}\n  ours ${JSON.stringify(mine.slice(Math.max(0, at - 2), at + 3))}\n  real ${JSON.stringify(real.slice(Math.max(0, at - 2), at + 3)).slice(0, 600)}`,
  );
}
process.exitCode = totals.different + totals.crashed > 0 ? 1 : 0;
