// Random charts through helm and keelson: asks the real one in batches, and writes down every difference.
// Needs the engine built and helm-batch in KEELSON_ORACLES.

import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Reasons } from "./reasons.mjs";
import { renderer } from "./renderer.mjs";

const render = await renderer(new URL("../../engine/dist/", import.meta.url).href);

const batchSize = 250;

/** How often what differs is asked again: maps of Go have no order, so some answers change from run to run. */
const turns = 40;

/** Where the real one finds its files, and nothing of this machine. */
const environment = {
  PATH: process.env.PATH,
  HOME: "/nonexistent",
  TMPDIR: tmpdir(),
  HELM_NAMESPACE: "default",
  KUBECONFIG: "/dev/null",
};

/** The real one's answers to all questions, in one process. */
export function ask(cases) {
  if (process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
  return new Promise((resolve, reject) => {
    const program = join(process.env.KEELSON_ORACLES, "helm-batch");
    const child = spawn(program, { stdio: ["pipe", "pipe", "ignore"], env: environment });
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
    for (const one of cases) child.stdin.write(`${JSON.stringify(questionOf(one))}\n`);
    child.stdin.end();
  });
}

function questionOf({ files, bytes = {}, flags }) {
  const encoded = Object.entries(bytes).map(([path, data]) => [path, Buffer.from(data).toString("base64")]);
  return { files, bytes: Object.fromEntries(encoded), words: ["template", "r", "top", ...flags.flat()] };
}

function judge(got, want) {
  if (got.crash !== undefined) return "crashed";
  if (got.limit !== undefined) return "limit";
  if (want.ok !== (got.out !== undefined)) return "different";
  if (want.ok) return got.out === (want.out ?? "") ? "equal" : "different";
  const said = want.error.replace("\n\nUse --debug flag to render out invalid YAML", "");
  // Ours may also name the file, and what in it.
  return got.error.includes(said) ? "bothFail" : "otherWords";
}

async function isSteady(one, answer) {
  const again = await ask(Array.from({ length: turns }, () => one));
  return again.every((other) => JSON.stringify(other) === JSON.stringify(answer));
}

/** Renders `count` cases from the seed `first`, prints what differs, and ends the process: with 1 if something does. */
export async function compareCases(makeCase, { count, first, report }) {
  const totals = { equal: 0, bothFail: 0, otherWords: 0, different: 0, unsteady: 0, limit: 0, crashed: 0 };
  const shown = [];
  const reasons = new Reasons();
  for (let seed = first; seed < first + count; seed += batchSize) {
    const cases = Array.from({ length: Math.min(batchSize, first + count - seed) }, (_, i) => makeCase(seed + i));
    const answers = await ask(cases);
    if (answers.length < cases.length) throw new Error(`helm-batch ended at seed ${seed + answers.length}`);
    for (const [i, one] of cases.entries()) {
      const got = render(one);
      const want = answers[i];
      let verdict = judge(got, want);
      if (["different", "otherWords"].includes(verdict) && !(await isSteady(one, want))) verdict = "unsteady";
      totals[verdict]++;
      if (want.error !== undefined) reasons.add(want.error.split("\n")[0].replace(/["`'\d].*$/, ""));
      if (["otherWords", "different", "crashed"].includes(verdict))
        shown.push({ seed: seed + i, verdict, ...one, got, want });
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
}
