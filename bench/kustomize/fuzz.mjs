// Random trees through keelson and the real kustomize, as they are made and with parts of a file damaged; every difference
// is written down. Needs the engine built (npx tsc -b) and the batch oracle in KEELSON_ORACLES (oracles/build.mjs).
//
//   npm run proof -- kustomize-fuzz [count] [first seed] [seconds]
//
// Ends after so many seconds and says with which seed to go on. Its exit code tells of whole trees that differ, and of any
// input that crashes or stops the engine; damaged trees that differ are only counted.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeProgress } from "../progress.mjs";
import { makeCommentedTree } from "./commented-trees.mjs";
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
/** One tree in so many is about comments. */
const commentedEach = 8;
/** Processor time of a build that counts as a hang. */
const slowMs = 10_000;

/** Our text, or the fault; anything else that is thrown is a crash. */
function ours({ files, binary, path, reorder = "legacy" }) {
  const content = { ...files };
  for (const [name, text] of Object.entries(binary)) content[name] = Buffer.from(text, "base64");
  const start = process.cpuUsage();
  const elapsed = () => process.cpuUsage(start).user / 1_000;
  try {
    return { out: build(memoryTree(content), path, { reorder }).text, ms: elapsed() };
  } catch (thrown) {
    const ms = elapsed();
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

const emptyCount = { made: 0, build: 0, equal: 0, bothFail: 0, different: 0, crashed: 0, slow: 0, stuck: 0 };
const totals = { trees: { ...emptyCount }, damaged: { ...emptyCount } };
const shown = [];

/** Counts one answer; `stuck` is the real one's own, `slow` and `crashed` are ours. */
function compare(one, want) {
  const count = one.isDamaged ? totals.damaged : totals.trees;
  const got = ours(one.tree);
  count.made++;
  if (got.ms > slowMs) count.slow++;
  if (got.crash !== undefined) count.crashed++;
  if (want.isStuck) return count.stuck++;
  if (want.err === "") count.build++;
  if (got.crash === undefined) {
    if (want.err !== "" && got.err !== undefined) return count.bothFail++;
    if (want.err === "" && got.out === want.out) return count.equal++;
    count.different++;
  }
  shown.push({ ...one, got, want });
  if (shown.length <= 15) show(shown.at(-1));
}

function makeBatch(from, size) {
  const items = [];
  for (let seed = from; seed < from + size; seed++) {
    const isCommented = seed % commentedEach === commentedEach - 1;
    const tree = isCommented ? makeCommentedTree(seed) : makeTree(seed, (partial) => ours(partial).out !== undefined);
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
  const { trees, damaged } = totals;
  progress(`${trees.made} of ${count} trees, ${trees.different} different, ${trees.crashed + damaged.crashed} crashed`);
  seed += items.filter((one) => !one.isDamaged).length;
  isDone = waiting === undefined;
}

function summary(what, { made, build, equal, bothFail, different, crashed, slow, stuck }) {
  const share = ((100 * build) / Math.max(1, made)).toFixed(1);
  const results = `${equal} give equal text, ${bothFail} fail in both, ${different} differ`;
  return `${made} ${what}: ${build} build (${share} %); ${results}; ${crashed} crashes, ${slow} hangs, ${stuck} where the real one hangs`;
}

console.log(summary("trees", totals.trees));
console.log(summary("damaged trees", totals.damaged));
if (seed < last) console.log(`go on with: npm run proof -- kustomize-fuzz ${last - seed} ${seed}`);
writeFileSync(join(tmpdir(), "keelson-kustomize-fuzz.json"), JSON.stringify(shown.slice(0, 200), null, 1));
const { trees, damaged } = totals;
process.exitCode = trees.different + trees.crashed + trees.slow + damaged.crashed + damaged.slow > 0 ? 1 : 0;
