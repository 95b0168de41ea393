// Random templates through keelson and Helm's own engine (helm-answer in KEELSON_ORACLES): every difference is written down.
// Needs the engine built (npm run build).
//
//   npm run proof -- helm-fuzz [count] [first seed] [report]
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
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

function ours({ text, values }) {
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
      { environment: seededEnvironment("fuzz", Date.now()) },
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

/** The oracle's answers. What keeps it busy for ever, or fills the memory, is asked for no more. */
function ask(questions) {
  if (questions.length === 0) return [];
  const input = questions.map((question) => JSON.stringify(question)).join("\n");
  const timeout = 5_000 + questions.length * 20;
  const run = spawnSync(oracle, { input, maxBuffer: 2 ** 28, timeout });
  const lines = run.stdout.toString().split("\n");
  const answers = lines.slice(0, -1).map((line) => JSON.parse(line));
  if (answers.length >= questions.length) return answers;
  return [...answers, { hangs: true }, ...ask(questions.slice(answers.length + 1))];
}

function judge(got, want) {
  if (got.crash !== undefined) return "crashed";
  if (want.hangs) return "endless";
  // The whole scope prints an address of this run.
  if (/Capabilities|0x[0-9a-f]{9,}/.test(want.out ?? "")) return "address";
  // keys and values give Go's order of maps, which is random.
  const isUnordered = want.ok && got.out !== undefined && /\b(keys|values)\b/.test(got.text ?? "");
  if (isUnordered && got.out !== want.out) return "unordered";
  if (want.ok && got.out !== undefined) return recorded(got.out) === (want.out ?? "") ? "equal" : "different";
  if (want.ok || got.error === undefined) return "different";
  return recorded(got.error) === want.error ? "bothFail" : "otherWords";
}

const shown = [];
/** Why templates fail, so that the generator can be kept from making too many of one kind. */
const reasons = new Map();
const last = Number(first) + Number(count);
for (let seed = Number(first); seed < last; seed += batchSize) {
  const seeds = Array.from({ length: Math.min(batchSize, last - seed) }, (_, i) => seed + i);
  const questions = seeds.map((one) => makeQuestion(one));
  const answers = ask(questions);
  questions.forEach((question, i) => {
    const got = ours(question);
    const verdict = judge({ ...got, text: question.text }, answers[i]);
    totals[verdict]++;
    if (answers[i].error) {
      const reason = answers[i].error
        .split("\n")
        .at(-1)
        .trim()
        .replace(/["`\d].*$/, "");
      reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
    }
    if (verdict !== "equal" && verdict !== "bothFail" && !["address", "unordered", "endless"].includes(verdict))
      shown.push({ seed: seeds[i], verdict, question, got, want: answers[i] });
  });
}
console.log(JSON.stringify(totals));
console.log(
  [...reasons]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 25)
    .map(([reason, times]) => `${times} ${reason}`)
    .join("\n"),
);
shown.sort((a, b) => (a.verdict < b.verdict ? -1 : 1));
if (report !== undefined) writeFileSync(report, JSON.stringify(shown.slice(0, 500), null, 1));
for (const { seed, verdict, question, got, want } of shown.slice(0, 15))
  console.log(
    `${seed} ${verdict}\n  ${JSON.stringify(question.text)}\n  ours   ${JSON.stringify(got).slice(0, 400)}\n  helm   ${JSON.stringify(want).slice(0, 400)}`,
  );
process.exit(totals.different + totals.crashed > 0 ? 1 : 0);
