// Random templates through keelson and Helm's own engine (helm-answer in KEELSON_ORACLES): every difference is written down.
// Needs the engine built (npm run build).
//
//   npm run proof -- helm-fuzz [count] [first seed] [report]
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { isMainThread, Worker } from "node:worker_threads";
import { Reasons } from "./reasons.mjs";
import { makeQuestion } from "./templates.mjs";

const { builtinApiVersions, Capabilities, defaultKubeVersion, loadChartFiles, seededEnvironment } = await import(
  "../../engine/dist/render/helm/index.js"
);
const { renderTemplates } = await import("../../engine/dist/render/helm/engine.js");
const { encodeUtf8, formatFault } = await import("../../engine/dist/kernel/index.js");

const [count = "50000", first = "1", report] = process.argv.slice(2);
if (process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const oracle = join(process.env.KEELSON_ORACLES, "helm-answer");
const batchSize = 500;
const slowMs = 2_000;
const totals = {
  equal: 0,
  bothFail: 0,
  otherWords: 0,
  different: 0,
  address: 0,
  unordered: 0,
  endless: 0,
  crashed: 0,
  slow: 0,
};
const capabilities = new Capabilities(defaultKubeVersion, builtinApiVersions);

/** What keeps the real one busy for ever has to end here when its time is up. */
const endlessMs = 1_000;

function ours({ text, values }, limitMs = Infinity) {
  const files = [
    { name: "Chart.yaml", data: encodeUtf8("apiVersion: v2\nname: c\nversion: 0.1.0\n") },
    { name: "templates/t", data: encodeUtf8(text) },
  ];
  const started = performance.now();
  try {
    const chart = loadChartFiles(files);
    const release = { Name: "r", Namespace: "default" };
    const rendered = renderTemplates(
      { chart, values: structuredClone(values), release, capabilities },
      {
        environment: seededEnvironment("fuzz", Date.now()),
        checkTime() {
          if (performance.now() - started > limitMs)
            throw Object.assign(new Error("the time is up"), { code: "timed-out" });
        },
      },
    );
    return { out: rendered.get("c/templates/t") ?? "" };
  } catch (thrown) {
    return thrown.code === undefined ? { crash: thrown.stack ?? String(thrown) } : { error: formatFault(thrown) };
  } finally {
    if (performance.now() - started > slowMs) totals.slow++;
  }
}

/** Bytes that are no character come out of JSON as U+FFFD. */
const recorded = (text) => text.replace(/(?<![\ud800-\udbff])[\udc80-\udcff]/g, "\ufffd");

/** How long the oracle may think about one question. */
const patienceMs = 5_000;

/** The oracle's answers. What keeps it busy for ever, or fills the memory, is asked for no more. */
async function ask(questions) {
  const answers = [];
  while (answers.length < questions.length) {
    answers.push(...(await askUntilStuck(questions.slice(answers.length))));
    if (answers.length < questions.length) answers.push({ hangs: true });
  }
  return answers;
}

/** Answers one by one, up to the question that is not answered in time. */
function askUntilStuck(questions) {
  return new Promise((resolve) => {
    const child = spawn(oracle, { stdio: ["pipe", "pipe", "ignore"] });
    const answers = [];
    let text = "";
    let timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    child.stdout.setEncoding("utf8").on("data", (piece) => {
      const lines = (text + piece).split("\n");
      text = lines.pop();
      for (const line of lines) answers.push(JSON.parse(line));
      clearTimeout(timer);
      timer = setTimeout(() => child.kill("SIGKILL"), patienceMs);
    });
    child.stdin.on("error", () => {});
    child.on("close", () => {
      clearTimeout(timer);
      resolve(answers);
    });
    child.stdin.end(questions.map((question) => `${JSON.stringify(question)}\n`).join(""));
  });
}

function judge(got, want) {
  if (got.crash !== undefined) return "crashed";
  if (want.hangs) return "endless";
  // A list of more than ten million numbers is made by the real one alone: here lists have a bound.
  if (/a list of more than \d+/.test(got.error ?? "")) return "endless";
  // Go lets a slice reach into the room that its allocator left behind a list.
  if (/slice index out of bounds/.test(got.error ?? "")) return "address";
  // The whole scope prints an address of this run.
  if (/Capabilities|0x[0-9a-f]{6,}/.test(want.out ?? "")) return "address";
  // keys and values give Go's order of maps, which is random.
  const isUnordered = want.ok && got.out !== undefined && /\b(keys|values)\b/.test(got.text ?? "");
  if (isUnordered && got.out !== want.out) return "unordered";
  if (want.ok && got.out !== undefined) return recorded(got.out) === (want.out ?? "") ? "equal" : "different";
  if (want.ok || got.error === undefined) return "different";
  return recorded(got.error) === want.error ? "bothFail" : "otherWords";
}

/** Addresses of one run in sixteen are a digit shorter. */
const turnsMax = 60;

/** What differs between runs of the real one, such as the length or the digest of an address, says nothing. */
async function isSteady(question, answer) {
  for (let turn = 0; turn < turnsMax; turn++)
    if (JSON.stringify(await ask([question])) !== JSON.stringify([answer])) return false;
  return true;
}

async function run() {
  const shown = [];
  const reasons = new Reasons();
  const last = Number(first) + Number(count);
  for (let seed = Number(first); seed < last; seed += batchSize) {
    const seeds = Array.from({ length: Math.min(batchSize, last - seed) }, (_, i) => seed + i);
    const questions = seeds.map((one) => makeQuestion(one));
    const answers = await ask(questions);
    for (const [i, question] of questions.entries()) {
      const got = ours(question, answers[i].hangs ? endlessMs : Infinity);
      let verdict = judge({ ...got, text: question.text }, answers[i]);
      if (["different", "otherWords"].includes(verdict) && !(await isSteady(question, answers[i]))) verdict = "address";
      totals[verdict]++;
      if (answers[i].error) {
        const reason = answers[i].error
          .split("\n")
          .at(-1)
          .trim()
          .replace(/["`\d].*$/, "");
        reasons.add(reason);
      }
      if (verdict !== "equal" && verdict !== "bothFail" && !["address", "unordered", "endless"].includes(verdict))
        shown.push({ seed: seeds[i], verdict, question, got, want: answers[i] });
    }
  }
  console.log(JSON.stringify(totals));
  console.log(String(reasons));
  shown.sort((a, b) => (a.verdict < b.verdict ? -1 : 1));
  if (report !== undefined) writeFileSync(report, JSON.stringify(shown.slice(0, 500), null, 1));
  for (const { seed, verdict, question, got, want } of shown.slice(0, 15))
    console.log(
      `${seed} ${verdict}\n  ${JSON.stringify(question.text)}\n  ours   ${JSON.stringify(got).slice(0, 400)}\n  helm   ${JSON.stringify(want).slice(0, 400)}`,
    );
  process.exit(totals.different + totals.crashed > 0 ? 1 : 0);
}

/** As the command does where a stack is too short: templates may call each other a hundred thousand times. */
if (isMainThread) {
  const thread = new Worker(new URL(import.meta.url), {
    argv: process.argv.slice(2),
    resourceLimits: { stackSizeMb: 256 },
  });
  thread.on("exit", (exitCode) => process.exit(exitCode));
} else await run();
