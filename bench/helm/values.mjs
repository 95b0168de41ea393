// Random charts with subcharts and random values of every origin through helm and keelson: how they merge. Defaults, values
// files, the --set family, globals, nulls, aliases, conditions, tags, import-values, schemas. Needs the engine built and helm
// in KEELSON_ORACLES.
//
//   npm run proof -- helm-values [count] [first seed]
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { randomOf } from "./template-values.mjs";

const { formatTemplateOutput, renderChart, memoryTree } = await import("../../engine/dist/render/helm/index.js");
const { formatFault } = await import("../../engine/dist/kernel/index.js");

const [count = "2000", first = "1"] = process.argv.slice(2);
if (process.env.KEELSON_ORACLES === undefined) throw new Error("KEELSON_ORACLES names no folder");
const helm = join(process.env.KEELSON_ORACLES, "helm");

class Maker {
  constructor(seed) {
    this.random = randomOf(seed);
  }
  pick(list) {
    return list[Math.floor(this.random() * list.length)];
  }
  chance(share) {
    return this.random() < share;
  }
  key() {
    return this.pick(["a", "b", "c", "enabled", "list", "deep", "x-y"]);
  }
  scalar() {
    return this.pick([null, null, true, false, 0, 1, 2.5, 1e21, "", "text", "1", "yes", "é", -7, 12345678901]);
  }
  value(depth) {
    if (depth === 0 || this.chance(0.45)) return this.scalar();
    if (this.chance(0.25)) return Array.from({ length: Math.floor(this.random() * 3) }, () => this.value(depth - 1));
    return this.map(depth - 1);
  }
  map(depth) {
    const size = Math.floor(this.random() * 4);
    return Object.fromEntries(Array.from({ length: size }, () => [this.key(), this.value(depth)]));
  }
  /** Values of a chart: its own, its subcharts' by name, globals, switches. */
  chartValues(names) {
    const values = this.map(2);
    for (const name of names)
      if (this.chance(0.6)) values[name] = this.chance(0.9) ? { ...this.map(2), ...this.switches() } : this.scalar();
    if (this.chance(0.5)) values.global = this.chance(0.95) ? this.map(2) : this.scalar();
    if (this.chance(0.3)) values.tags = { front: this.chance(0.5), back: this.pick([true, false, "yes", null]) };
    if (this.chance(0.3)) values.exports = { data: this.map(2), more: this.map(1) };
    return values;
  }
  switches() {
    return this.chance(0.5) ? { enabled: this.pick([true, false, true, "true", null]) } : {};
  }
  dependency(name, alias) {
    const parts = { name, version: this.chance(0.95) ? "*" : "9", ...(alias ? { alias } : {}) };
    if (this.chance(0.5))
      parts.condition = this.pick([`${alias ?? name}.enabled`, `${name}.deep.enabled,${name}.enabled`, "a.b"]);
    if (this.chance(0.4)) parts.tags = [this.pick(["front", "back"]), ...(this.chance(0.3) ? ["other"] : [])];
    if (this.chance(0.4))
      parts["import-values"] = [
        this.pick([
          "data",
          "more",
          { child: "deep", parent: "from" },
          { child: "exports.data", parent: "." },
          { child: "a", parent: "x.y" },
        ]),
      ];
    return parts;
  }
  schema() {
    return {
      $schema: this.pick(["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema"]),
      type: "object",
      properties: {
        a: { type: this.pick(["string", "number", ["object", "null"], "boolean"]) },
        b: this.pick([
          { minLength: 2 },
          { enum: [1, "text"] },
          { minimum: 1 },
          { additionalProperties: false, properties: { a: {} } },
        ]),
      },
      required: this.chance(0.3) ? ["a", "c"] : [],
    };
  }
  flags() {
    const path = () =>
      Array.from({ length: 1 + Math.floor(this.random() * 3) }, () =>
        this.pick([this.key(), "one", "two", "global", "tags", "front"]),
      ).join(".") + (this.chance(0.15) ? `[${Math.floor(this.random() * 3)}]` : "");
    const text = () =>
      this.pick([
        "1",
        "true",
        "null",
        "text",
        "",
        "{a,b,1}",
        "a\\,b",
        "0x1",
        "010",
        "1.5",
        "é",
        "{}",
        "99999999999999999999",
      ]);
    const flags = [];
    while (this.chance(0.6)) {
      const kind = this.pick(["--set", "--set", "--set-string", "--set-json", "--set-literal"]);
      if (kind === "--set-json")
        flags.push(kind, this.chance(0.7) ? `${path()}=${JSON.stringify(this.value(2))}` : JSON.stringify(this.map(2)));
      else
        flags.push(
          kind,
          `${path()}=${text()}${kind !== "--set-literal" && this.chance(0.3) ? `,${path()}=${text()}` : ""}`,
        );
    }
    return flags;
  }
}

const show =
  "kind: X\nvalues: {{ toJson .Values }}\nsubcharts: {{ keys .Subcharts | sortAlpha }}\ndependencies: {{ range .Chart.Dependencies }}{{ .Name }}{{ .Alias }} {{ end }}\n";

/** The files of a chart, and the words after it. */
function makeCase(seed) {
  const maker = new Maker(seed);
  const yaml = (value) => `${JSON.stringify(value)}\n`;
  const files = {};
  const chart = (path, name, dependencies, names) => {
    files[`${path}Chart.yaml`] = yaml({
      apiVersion: "v2",
      name,
      version: "1.0.0",
      ...(dependencies.length > 0 || maker.chance(0.3) ? { dependencies } : {}),
    });
    files[`${path}values.yaml`] = yaml(maker.chartValues(names));
    files[`${path}templates/show.yaml`] = show;
    if (maker.chance(0.12)) files[`${path}values.schema.json`] = JSON.stringify(maker.schema());
  };
  const alias = maker.chance(0.3) ? "other" : undefined;
  chart(
    "",
    "top",
    [
      ...(maker.chance(0.85) ? [maker.dependency("one", alias)] : []),
      ...(maker.chance(0.7) ? [maker.dependency("two")] : []),
    ],
    ["one", "two", "other"],
  );
  chart("charts/one/", "one", maker.chance(0.6) ? [maker.dependency("inner")] : [], ["inner"]);
  chart("charts/one/charts/inner/", "inner", [], []);
  chart("charts/two/", "two", [], []);
  const given = Array.from({ length: Math.floor(maker.random() * 3) }, () =>
    yaml(maker.chartValues(["one", "two", "other"])),
  );
  return { files, given, flags: maker.flags() };
}

function ours({ files, given, flags }) {
  const words = { "--set": "set", "--set-string": "setString", "--set-json": "setJson", "--set-literal": "setLiteral" };
  const values = {
    files: given.map((text, i) => ({ name: `v${i}.yaml`, text })),
    set: [],
    setString: [],
    setJson: [],
    setLiteral: [],
  };
  for (let i = 0; i < flags.length; i += 2) values[words[flags[i]]].push(flags[i + 1]);
  try {
    const rendering = renderChart(memoryTree(files), { releaseName: "r", given: values });
    return { out: Buffer.from(formatTemplateOutput(rendering)).toString("utf8") };
  } catch (thrown) {
    return thrown.name === "Fault" ? { error: formatFault(thrown) } : { crash: thrown.stack };
  }
}

function theirs({ files, given, flags }, folder) {
  for (const [path, text] of [...Object.entries(files), ...given.map((text, i) => [`../v${i}.yaml`, text])]) {
    mkdirSync(dirname(join(folder, "top", path)), { recursive: true });
    writeFileSync(join(folder, "top", path), text);
  }
  const words = ["template", "r", "top", ...given.flatMap((_, i) => ["-f", `v${i}.yaml`]), ...flags];
  const env = { PATH: process.env.PATH, HOME: folder, HELM_NAMESPACE: "default", KUBECONFIG: "/dev/null" };
  const done = spawnSync(helm, words, { cwd: folder, env, maxBuffer: 2 ** 26 });
  rmSync(join(folder, "top"), { recursive: true });
  return done.status === 0 ? { out: done.stdout.toString() } : { error: done.stderr.toString().trim() };
}

const totals = { equal: 0, bothFail: 0, otherWords: 0, different: 0, crashed: 0 };
const folder = mkdtempSync(join(tmpdir(), "keelson-values-"));
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const one = makeCase(seed);
  const [got, want] = [ours(one), theirs(one, folder)];
  const error = want.error
    ?.split("\n")
    .find((line) => line.startsWith("Error: "))
    ?.slice(7);
  const verdict = got.crash
    ? "crashed"
    : got.out !== undefined || error === undefined
      ? got.out === want.out
        ? "equal"
        : "different"
      : got.error.includes(error) || error.includes(got.error.split("\n")[0])
        ? "bothFail"
        : "otherWords";
  totals[verdict]++;
  if (!["equal", "bothFail"].includes(verdict) && totals.different + totals.otherWords + totals.crashed <= 12)
    console.log(
      `${seed} ${verdict}\n  ${JSON.stringify(one).slice(0, 3000)}\n  ours ${(got.out ?? got.error ?? got.crash).slice(0, 1200)}\n  helm ${(want.out ?? want.error).slice(0, 1200)}`,
    );
}
rmSync(folder, { recursive: true });
console.log(JSON.stringify(totals));
process.exit(totals.different + totals.crashed > 0 ? 1 : 0);
