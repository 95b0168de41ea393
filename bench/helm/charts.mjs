// Every chart below the folders through keelson and the real Helm: what differs, and how long each takes. A folder with
// cases.jsonl gives recorded arguments; any other chart is rendered with its defaults and with each values file in its ci/.
// Needs the engine built (npm run build). Without a folder: the charts of KEELSON_CASES.
//
//   npm run proof -- helm-charts [FOLDER …] [--processes] [--report FILE] [--only TEXT]
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { lists, switches } from "./renderer.mjs";

const { formatTemplateOutput, renderChart, seededEnvironment } = await import("../../engine/dist/render/helm/index.js");
const { formatFault } = await import("../../engine/dist/kernel/index.js");
const { localTree } = await import("../../engine/dist/cli/local-tree.js");

const words = process.argv.slice(2);
const named = words.filter((word, i) => !word.startsWith("--") && !["--report", "--only"].includes(words[i - 1]));
const recorded = ["helm", "helm-assembled"].map((group) => join(process.env.KEELSON_CASES ?? "", group));
const roots = (named.length > 0 ? named : recorded).map((folder) => resolve(folder));
if (process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const helm = join(process.env.KEELSON_ORACLES, "helm");
const flag = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
const only = flag("--only") ?? "";
const withProcesses = words.includes("--processes");
const command = resolve("engine/bin/keelson.js");

function* chartFolders(folder) {
  const entries = readdirSync(folder, { withFileTypes: true });
  if (entries.some((entry) => entry.name === "cases.jsonl" || entry.name === "Chart.yaml")) return yield folder;
  for (const entry of entries) if (entry.isDirectory()) yield* chartFolders(join(folder, entry.name));
}

/** The runs of one folder: where, the chart, the words after it. */
function casesOf(root, folder) {
  const file = join(folder, "cases.jsonl");
  if (existsSync(file))
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ values }) => values !== undefined)
      .map(({ id, values, args, release }) => ({
        id,
        folder,
        chart: "chart",
        release,
        args: [...values.flatMap((name) => ["-f", `chart/${name}`]), ...args],
      }));
  const ci = join(folder, "ci");
  const files = existsSync(ci) ? readdirSync(ci).filter((name) => name.endsWith("values.yaml")) : [];
  const name = relative(root, folder);
  return [[], ...files.map((file) => ["-f", `ci/${file}`])].map((args) => ({
    id: [name, ...args.slice(1)].join(" "),
    folder,
    chart: ".",
    release: "rel",
    args,
  }));
}

const takes = {
  "-f": "files",
  "--values": "files",
  ...lists,
  "--api-versions": "apiVersions",
  "-a": "apiVersions",
  "--kube-version": "kubeVersion",
  "-n": "namespace",
  "--namespace": "namespace",
};
/** The options that the words of a run mean; undefined where a word is for the command alone. */
function optionsOf({ folder, args }) {
  const given = { files: [], set: [], setString: [], setJson: [], setFile: [], setLiteral: [] };
  const options = { namespace: "default", apiVersions: [], given };
  const flat = args.flatMap((word) =>
    /^--[a-z-]+=/.test(word) ? [word.split("=")[0], word.slice(word.indexOf("=") + 1)] : [word],
  );
  for (let i = 0; i < flat.length; i++) {
    const [one, many] = [switches[flat[i]], takes[flat[i]]];
    if (one !== undefined) options[one] = true;
    else if (many === undefined) return undefined;
    else if (many === "files") given.files.push({ name: flat[++i], text: readFileSync(join(folder, flat[i]), "utf8") });
    else if (many === "apiVersions") options.apiVersions.push(...flat[++i].split(","));
    else if (many in given) given[many].push(flat[++i]);
    else options[many] = flat[++i];
  }
  given.readFile = (path) => readFileSync(join(folder, path), "utf8");
  return options;
}

function ours(kase, options) {
  const started = performance.now();
  try {
    const rendering = renderChart(localTree(join(kase.folder, kase.chart)), {
      ...options,
      releaseName: kase.release,
      environment: seededEnvironment("charts", Date.now()),
    });
    const output = formatTemplateOutput(rendering, options);
    return { out: Buffer.from(output).toString("latin1"), ms: performance.now() - started };
  } catch (thrown) {
    if (thrown.code === undefined) return { crash: thrown.stack ?? String(thrown) };
    return { error: formatFault(thrown), ms: performance.now() - started };
  }
}

function run(program, words, kase) {
  const started = performance.now();
  const env = { PATH: process.env.PATH, HOME: "/nonexistent", HELM_NAMESPACE: "default", KUBECONFIG: "/dev/null" };
  const done = spawnSync(program, words, { cwd: kase.folder, maxBuffer: 2 ** 30, env });
  const ms = performance.now() - started;
  return done.status === 0 ? { out: done.stdout.toString("latin1"), ms } : { error: done.stderr.toString(), ms };
}

const theirs = (kase) => run(helm, ["template", kase.release, kase.chart, ...kase.args], kase);
const process_ = (kase) => run(process.execPath, [command, "template", kase.release, kase.chart, ...kase.args], kase);

/**
 * A whole process beside the binary. Where the first turn is far behind, four more of each follow and their medians count: keys are
 * found by chance, in 50 ms or in 500, on either side.
 */
function processTimes(kase, first) {
  const mine = [process_(kase).ms];
  const binary = [first.ms];
  if (mine[0] - binary[0] > 80)
    for (let turn = 0; turn < 4; turn++) {
      mine.push(process_(kase).ms);
      binary.push(theirs(kase).ms);
    }
  const middle = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
  return { process: middle(mine), helm: middle(binary) };
}

/** The first line that differs and is not random in the real one either. */
function difference(want, got, again) {
  const [a, b] = [want.split("\n"), got.split("\n")];
  let second;
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    if (a[i] === b[i]) continue;
    second ??= again().split("\n");
    if (second.length !== a.length) return undefined;
    if (a[i] !== second[i] || isClock(a[i], b[i])) continue;
    return { line: i + 1, want: a[i], got: b[i] };
  }
  return undefined;
}

/** The same but for a second more or less. */
function isClock(a = "", b = "") {
  return a.replace(/\d{10}/g, "") === b.replace(/\d{10}/g, "") && /\d{10}/.test(a);
}

const totals = { cases: 0, equal: 0, bothFail: 0, otherWords: 0, different: 0, crashed: 0, skipped: 0 };
const timings = [];
const shown = [];
const firstLine = (text) => text.replace(/^Error: /, "").trim();

function judge(kase, got, want) {
  if (got.crash !== undefined) return { verdict: "crashed", detail: got.crash };
  if (want.error !== undefined && got.error !== undefined) {
    const [a, b] = [firstLine(want.error), firstLine(got.error)];
    return a.includes(b) || b.includes(a)
      ? { verdict: "bothFail" }
      : { verdict: "otherWords", detail: { want: a, got: b } };
  }
  if (want.error !== undefined || got.error !== undefined)
    return { verdict: "different", detail: { want: want.error, got: got.error } };
  const found = difference(want.out, got.out, () => theirs(kase).out ?? "");
  return found === undefined ? { verdict: "equal" } : { verdict: "different", detail: found };
}

for (const [root, folder] of roots.flatMap((one) => [...chartFolders(one)].map((folder) => [one, folder]))) {
  for (const kase of casesOf(root, folder)) {
    if (!kase.id.includes(only)) continue;
    const options = optionsOf(kase);
    if (options === undefined) {
      totals.skipped++;
      continue;
    }
    ours(kase, options);
    const got = ours(kase, options);
    const want = theirs(kase);
    const { verdict, detail } = judge(kase, got, want);
    totals.cases++;
    totals[verdict]++;
    const files = existsSync(join(folder, kase.chart, "templates"))
      ? readdirSync(join(folder, kase.chart), { recursive: true })
      : [];
    const templates = files.filter((path) => /(^|\/)templates\//.test(path)).length;
    const timing = { id: kase.id, templates, ours: got.ms, helm: want.ms };
    if (withProcesses) Object.assign(timing, processTimes(kase, want));
    if (got.error === undefined) timings.push(timing);
    if (detail !== undefined) {
      shown.push({ id: kase.id, folder, verdict, detail });
      console.log(`${verdict} ${kase.id}\n  ${JSON.stringify(detail).slice(0, 1500)}`);
    }
  }
}

const sum = (name) => Math.round(timings.reduce((total, timing) => total + (timing[name] ?? 0), 0));
const rounded = (timing) =>
  Object.fromEntries(
    Object.entries(timing).map(([key, value]) => [key, typeof value === "number" ? Math.round(value) : value]),
  );
const figures = {
  totals,
  rendered: timings.length,
  milliseconds: { ours: sum("ours"), helm: sum("helm"), process: sum("process") },
  aboveHalf: timings.filter(({ templates, ours, helm }) => templates > 100 && ours > helm / 2).map(rounded),
  slowest: timings
    .toSorted((a, b) => b.ours - a.ours)
    .slice(0, 10)
    .map(rounded),
  ...(withProcesses
    ? {
        furthest: timings
          .toSorted((a, b) => b.process - b.helm - (a.process - a.helm))
          .slice(0, 10)
          .map(rounded),
      }
    : {}),
  memoryMiB: Math.round(process.memoryUsage().rss / 2 ** 20),
};
console.log(JSON.stringify(figures, null, 1));
const row = (what, value) => console.log(`| ${what} | ${value} |`);
const ms = (value) => `${Math.round(value)} ms`;
const { milliseconds } = figures;
row(`${timings.length} cases: helm`, ms(milliseconds.helm));
row(
  "… keelson in process, warm",
  `${ms(milliseconds.ours)} (${(milliseconds.helm / milliseconds.ours).toFixed(1)} times faster)`,
);
row("charts of more than 100 templates that take more than half of helm's time", figures.aboveHalf.length);
if (withProcesses) {
  const more = timings.map(({ process, helm }) => process - helm).toSorted((a, b) => a - b);
  row("… keelson as whole processes", ms(milliseconds.process));
  row("more than the binary: median, most", `${ms(more[more.length >> 1])}, ${ms(more.at(-1))}`);
  row("charts on which it is more than 80 ms", more.filter((one) => one > 80).length);
}
row("memory of the process", `${figures.memoryMiB} MB`);
for (const { id, templates, ours, helm } of figures.slowest)
  row(`${id}, ${templates} templates`, `${ours} ms, helm ${helm} ms`);
const report = flag("--report");
if (report !== undefined) writeFileSync(report, JSON.stringify({ figures, shown, timings }, null, 1));
