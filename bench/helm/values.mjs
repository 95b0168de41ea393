// Random charts with subcharts and random values of every origin through helm and keelson: how they merge. Defaults, values
// files of all looks, the --set family, globals, nulls, aliases, conditions, tags, import-values, schemas. Needs the engine
// built and helm-batch in KEELSON_ORACLES.
//
//   npm run proof -- helm-values [count] [first seed] [report]
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Reasons } from "./reasons.mjs";
import { makeCase } from "./values-cases.mjs";

const { formatTemplateOutput, renderChart, memoryTree } = await import("../../engine/dist/render/helm/index.js");
const { formatFault } = await import("../../engine/dist/kernel/index.js");

const [count = "5000", first = "1", report] = process.argv.slice(2);
if (process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const oracle = join(process.env.KEELSON_ORACLES, "helm-batch");
const batchSize = 250;

const lists = {
  "--set": "set",
  "--set-string": "setString",
  "--set-json": "setJson",
  "--set-literal": "setLiteral",
  "--set-file": "setFile",
};

function ours({ files, flags }) {
  const given = { files: [], set: [], setString: [], setJson: [], setLiteral: [], setFile: [] };
  for (const [flag, text] of flags) {
    if (flag === "-f") given.files.push({ name: text, text: files[text] });
    else given[lists[flag]].push(text);
  }
  given.readFile = (path) => {
    if (files[path] === undefined) throw Object.assign(new Error(), { isAbsent: path });
    return files[path];
  };
  const chart = Object.fromEntries(
    Object.entries(files).flatMap(([path, text]) => (path.startsWith("top/") ? [[path.slice(4), text]] : [])),
  );
  try {
    const rendering = renderChart(memoryTree(chart), { releaseName: "r", given });
    return { out: Buffer.from(formatTemplateOutput(rendering)).toString("utf8") };
  } catch (thrown) {
    // The command line says it for the library.
    if (thrown.isAbsent !== undefined)
      return { error: `failed parsing --set-file data: open ${thrown.isAbsent}: no such file or directory` };
    return thrown.name === "Fault" ? { error: formatFault(thrown) } : { crash: thrown.stack };
  }
}

/** The real one's answers to all questions, in one process. */
function ask(cases) {
  return new Promise((resolve, reject) => {
    const env = {
      PATH: process.env.PATH,
      HOME: "/nonexistent",
      TMPDIR: tmpdir(),
      HELM_NAMESPACE: "default",
      KUBECONFIG: "/dev/null",
    };
    const child = spawn(oracle, { stdio: ["pipe", "pipe", "ignore"], env });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (piece) => (text += piece));
    child.stdin.on("error", () => {});
    child.on("error", reject);
    child.on("close", () =>
      resolve(
        text
          .split("\n")
          .slice(0, -1)
          .map((line) => JSON.parse(line)),
      ),
    );
    for (const { files, flags } of cases)
      child.stdin.write(`${JSON.stringify({ files, words: ["template", "r", "top", ...flags.flat()] })}\n`);
    child.stdin.end();
  });
}

function judge(got, want) {
  if (got.crash !== undefined) return "crashed";
  if (want.ok !== (got.out !== undefined)) return "different";
  if (want.ok) return got.out === want.out ? "equal" : "different";
  return got.error === want.error.replace("\n\nUse --debug flag to render out invalid YAML", "")
    ? "bothFail"
    : "otherWords";
}

const totals = { equal: 0, bothFail: 0, otherWords: 0, different: 0, unsteady: 0, crashed: 0 };
const shown = [];
const reasons = new Reasons();
const last = Number(first) + Number(count);
for (let seed = Number(first); seed < last; seed += batchSize) {
  const cases = Array.from({ length: Math.min(batchSize, last - seed) }, (_, i) => makeCase(seed + i));
  const answers = await ask(cases);
  if (answers.length < cases.length) throw new Error(`helm-batch ended at seed ${seed + answers.length}`);
  for (const [i, one] of cases.entries()) {
    const got = ours(one);
    let verdict = judge(got, answers[i]);
    // Maps of Go have no order: what the real one answers now so, now so, says nothing.
    if (verdict === "different" || verdict === "otherWords") {
      const again = await ask(Array.from({ length: 4 }, () => one));
      if (again.some((answer) => JSON.stringify(answer) !== JSON.stringify(answers[i]))) verdict = "unsteady";
    }
    totals[verdict]++;
    if (answers[i].error !== undefined) {
      const reason = answers[i].error.split("\n")[0].replace(/["`'\d].*$/, "");
      reasons.add(reason);
    }
    if (["otherWords", "different", "crashed"].includes(verdict))
      shown.push({ seed: seed + i, verdict, ...one, got, want: answers[i] });
  }
}
console.log(JSON.stringify(totals));
console.log(String(reasons));
shown.sort((a, b) => (a.verdict < b.verdict ? -1 : 1));
if (report !== undefined) writeFileSync(report, JSON.stringify(shown.slice(0, 500), null, 1));
for (const { seed, verdict, files, flags, got, want } of shown.slice(0, 12))
  console.log(
    `${seed} ${verdict}\n  ${JSON.stringify(flags)}\n  ${JSON.stringify(files).slice(0, 2000)}\n  ours ${(got.out ?? got.error ?? got.crash).slice(0, 800)}\n  helm ${(want.out ?? want.error).slice(0, 800)}`,
  );
process.exit(totals.different + totals.crashed > 0 ? 1 : 0);
