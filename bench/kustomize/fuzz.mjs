// Random trees through keelson and the real kustomize, as they are made and with parts of a file damaged; every difference
// is written down. Needs the engine built (npx tsc -b) and the batch oracle in KEELSON_ORACLES (oracles/build.mjs).
//
//   npm run proof -- kustomize-fuzz [count] [first seed] [seconds]
//
// Ends after so many seconds and says with which seed to go on.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProgress } from "../progress.mjs";
import { damage } from "./damage.mjs";
import { makeTree } from "./trees.mjs";

const { build } = await import("../../engine/dist/render/kustomize/index.js");
const { formatFault, memoryTree } = await import("../../engine/dist/kernel/index.js");

const [count = "20000", first = "1", seconds = "Infinity"] = process.argv.slice(2);
const oracle = join(process.env.KEELSON_ORACLES ?? "oracles/bin", "kustomize-batch");
const batchSize = 50;
/** What the real one may think about one tree, on a machine that is busy with other things. */
const patienceMs = 120_000;
/** One tree more with a damaged file, for each so many. */
const damagedEach = 2;
const slowMs = 2_000;

/** Our text, or the fault; anything else that is thrown is a crash. */
function ours({ files, binary, path, reorder = "legacy" }) {
  const content = { ...files };
  for (const [name, text] of Object.entries(binary)) content[name] = Buffer.from(text, "base64");
  const start = performance.now();
  try {
    return { out: build(memoryTree(content), path, { reorder }).text, ms: performance.now() - start };
  } catch (thrown) {
    const ms = performance.now() - start;
    return thrown.code === undefined ? { crash: thrown.stack ?? String(thrown), ms } : { err: formatFault(thrown), ms };
  }
}

/** Its answers, and how it ended; one that says nothing for long is ended. */
function run(input) {
  return new Promise((resolve) => {
    const child = spawn(oracle, { stdio: ["pipe", "pipe", "pipe"] });
    const out = [];
    let err = "";
    let isStuck = false;
    const stop = () => {
      isStuck = true;
      child.kill("SIGKILL");
    };
    let timer = setTimeout(stop, patienceMs);
    child.stdout.on("data", (bytes) => {
      out.push(bytes);
      clearTimeout(timer);
      timer = setTimeout(stop, patienceMs);
    });
    child.stderr.on("data", (bytes) => (err = (err + bytes).slice(-2_000)));
    child.stdin.on("error", () => {});
    child.on("close", (status) => {
      clearTimeout(timer);
      const lines = Buffer.concat(out).toString().split("\n").slice(0, -1);
      resolve({ status, isStuck, answers: lines.map((line) => JSON.parse(line)), err });
    });
    child.stdin.end(input);
  });
}

/** Answers of the real one. It ends its process on some inputs: such a tree counts as failed, and the rest is asked anew. */
async function askOracle(trees) {
  const answers = [];
  while (answers.length < trees.length) {
    const rest = trees.slice(answers.length);
    const { status, isStuck, answers: more, err } = await run(rest.map((tree) => JSON.stringify(tree)).join("\n"));
    answers.push(...more);
    if (isStuck) answers.push({ isStuck });
    else if (status !== 0)
      answers.push({ out: "", err: `ended: ${err.split("\n").find((line) => line !== "") ?? status}` });
  }
  return answers;
}

const totals = {
  trees: 0,
  build: 0,
  equal: 0,
  bothFail: 0,
  different: 0,
  crashed: 0,
  slow: 0,
  stuck: 0,
  damaged: 0,
  damagedBuild: 0,
};
const shown = [];

function compare(one, want) {
  const got = ours(one.tree);
  if (one.isDamaged) totals.damaged++;
  else totals.trees++;
  if (want.isStuck) return totals.stuck++;
  if (want.err === "") totals[one.isDamaged ? "damagedBuild" : "build"]++;
  if (got.ms > slowMs) totals.slow++;
  if (got.crash !== undefined) totals.crashed++;
  else if (want.err !== "" && got.err !== undefined) return totals.bothFail++;
  else if (want.err === "" && got.out === want.out) return totals.equal++;
  else totals.different++;
  shown.push({ ...one, got, want });
  if (shown.length <= 15) show(shown.at(-1));
}

function makeBatch(from, size) {
  const items = [];
  for (let seed = from; seed < from + size; seed++) {
    const tree = makeTree(seed, (partial) => ours(partial).out !== undefined);
    items.push({ seed, isDamaged: false, tree });
    if (seed % damagedEach === 0) items.push({ seed, isDamaged: true, tree: damage(tree, seed) });
  }
  return items;
}

function show({ seed, isDamaged, got, want }) {
  const mine = (got.crash ?? got.err ?? got.out).split("\n");
  const real = (want.err || want.out).split("\n");
  const at = real.findIndex((line, i) => line !== mine[i]);
  const part = (lines) => JSON.stringify(lines.slice(Math.max(0, at - 2), at + 3)).slice(-700);
  console.log(`seed ${seed}${isDamaged ? " damaged" : ""}\n  ours ${part(mine)}\n  real ${part(real)}`);
}

const last = Number(first) + Number(count);
const end = performance.now() + Number(seconds) * 1_000;
const progress = makeProgress(`kustomize-fuzz from seed ${first}`);
let waiting;
let seed = Number(first);
for (let isDone = false; !isDone; ) {
  const items = seed < last && performance.now() < end ? makeBatch(seed, Math.min(batchSize, last - seed)) : [];
  const before = waiting;
  waiting = items.length === 0 ? undefined : { items, answers: askOracle(items.map((one) => one.tree)) };
  const answers = (await before?.answers) ?? [];
  answers.forEach((want, i) => compare(before.items[i], want));
  progress(`${totals.trees} of ${count} trees, ${totals.different} different, ${totals.crashed} crashed`);
  seed += items.filter((one) => !one.isDamaged).length;
  isDone = waiting === undefined;
}

console.log(JSON.stringify(totals));
console.log(`${((100 * totals.build) / totals.trees).toFixed(1)} % of the trees build`);
if (seed < last) console.log(`go on with: npm run proof -- kustomize-fuzz ${last - seed} ${seed}`);
writeFileSync(join(tmpdir(), "keelson-kustomize-fuzz.json"), JSON.stringify(shown.slice(0, 200), null, 1));
process.exitCode = totals.different + totals.crashed + totals.slow > 0 ? 1 : 0;
