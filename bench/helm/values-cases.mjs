// Random charts with subcharts, and random values of every origin for them: what `values.mjs` gives to helm and keelson.

import { randomOf } from "./template-values.mjs";

const show =
  "kind: X\nvalues: {{ toJson .Values }}\nyaml: {{ toYaml .Values | nindent 2 }}\nsubcharts: {{ keys .Subcharts | sortAlpha }}\n" +
  "dependencies: {{ range .Chart.Dependencies }}{{ .Name }}/{{ .Alias }} {{ end }}\n" +
  'types: |\n  {{ range $k, $v := .Values }}{{ quote $k }}={{ typeOf $v }}{{ if kindIs "map" $v }}({{ range $i, $w := $v }}{{ quote $i }}={{ typeOf $w }} {{ end }}){{ end }} {{ end }}\n';

/** Texts that YAML or the flags may take for something else. */
const oddTexts = [
  "yes",
  "no",
  "on",
  "~",
  "null",
  "True",
  "0x1F",
  "0o17",
  "017",
  "1_000",
  "1e3",
  ".5",
  "+1",
  "-0",
  "0b11",
  "1:30",
  "2001-12-14",
  ".inf",
  "-.INF",
  "1.0",
  "!",
  "=",
  "<<",
  "a b",
  "é",
  "日本",
  "a: b",
  "#x",
  "x #y",
  "'",
  '"',
  "a\\b",
  "{}",
  "[]",
  "*a",
  "&a",
  "%",
  "@",
  "`",
  " lead",
  "trail ",
  "tab\there",
  "two\nlines",
  "end\n",
  "\n",
  "99999999999999999999",
  "9007199254740993",
  "1e400",
  "-",
  "?",
  ":",
  "---",
];

/** Makes values, and texts that give them, out of a seed. */
export class Maker {
  constructor(seed) {
    this.random = randomOf(seed);
  }
  number(below) {
    return Math.floor(this.random() * below);
  }
  pick(list) {
    return list[this.number(list.length)];
  }
  chance(share) {
    return this.random() < share;
  }
  times(most, make) {
    return Array.from({ length: this.number(most + 1) }, make);
  }
  key() {
    if (this.chance(0.06))
      return this.pick(["a.b", "1", "true", "2.5", "", "é", "a b", "x/y", "with=sign", "a,b", "~", "c[0]"]);
    return this.pick(["a", "b", "c", "enabled", "list", "deep", "x-y"]);
  }
  scalar() {
    if (this.chance(0.12)) return this.pick(oddTexts);
    return this.pick([
      null,
      null,
      true,
      false,
      0,
      1,
      2.5,
      1e21,
      -0.000001,
      "",
      "text",
      "1",
      "yes",
      "é",
      -7,
      12345678901,
      9007199254740992,
    ]);
  }
  value(depth) {
    if (depth === 0 || this.chance(0.45)) return this.scalar();
    if (this.chance(0.25)) return this.times(2, () => this.value(depth - 1));
    return this.map(depth - 1);
  }
  map(depth) {
    return Object.fromEntries(this.times(3, () => [this.key(), this.value(depth)]));
  }
  /** Values of a chart: its own, its subcharts' by name, globals, switches. */
  chartValues(names) {
    const values = this.map(2);
    for (const name of names)
      if (this.chance(0.55))
        values[name] = this.chance(0.985) ? { ...this.map(2), ...this.switches(names) } : this.scalar();
    if (this.chance(0.5)) values.global = this.chance(0.92) ? this.map(2) : this.value(0);
    if (this.chance(0.3))
      values.tags = this.chance(0.93)
        ? { front: this.chance(0.5), back: this.pick([true, false, "yes", null]) }
        : this.scalar();
    if (this.chance(0.3)) values.exports = this.exported();
    return values;
  }
  exported() {
    return this.chance(0.93) ? { data: this.value(2), more: this.map(1), global: this.map(1) } : this.scalar();
  }
  switches(names) {
    const switches = this.chance(0.5) ? { enabled: this.pick([true, false, true, "true", null]) } : {};
    if (this.chance(0.2)) switches.global = this.chance(0.9) ? this.map(2) : this.scalar();
    if (this.chance(0.15)) switches.exports = this.exported();
    if (this.chance(0.15)) switches[this.pick(names)] = this.value(2);
    if (this.chance(0.1)) switches.tags = { front: this.chance(0.5) };
    return switches;
  }
  dependency(name, alias) {
    const parts = { name, version: this.pick(["*", "*", ">=1", "~1.0.0", "^1", "1.x", "1.0.0", "*", "*", "9"]) };
    if (alias) parts.alias = alias;
    const seen = alias ?? name;
    if (this.chance(0.5))
      parts.condition = this.pick([
        `${seen}.enabled`,
        `${name}.deep.enabled,${name}.enabled`,
        "a.b",
        `global.enabled,${seen}.enabled`,
        ` ${seen}.enabled `,
        `missing.path,${seen}.enabled`,
        "a",
        "",
        `${seen}`,
        `${seen}.inner.enabled,inner.enabled`,
        "tags.front",
        "inner.leaf.enabled",
        ".",
        `${seen}.`,
        `${seen}.enabled, global.enabled`,
        "list,deep,enabled",
      ]);
    if (this.chance(0.4)) parts.tags = [this.pick(["front", "back"]), ...(this.chance(0.3) ? ["other"] : [])];
    if (this.chance(0.45)) parts["import-values"] = [this.imported(), ...(this.chance(0.3) ? [this.imported()] : [])];
    return parts;
  }
  imported() {
    return this.pick([
      "data",
      "more",
      "global",
      "missing",
      { child: "deep", parent: "from" },
      { child: "exports.data", parent: "." },
      { child: "exports.more", parent: "a" },
      { child: "a", parent: "x.y" },
      { child: "deep.a", parent: "deep" },
      { child: "global", parent: "global" },
      { child: "global", parent: "b" },
      { child: "inner.deep", parent: "up" },
      { child: "missing", parent: "y" },
      { child: "list", parent: "list" },
      { child: "inner.leaf", parent: "leafy" },
      { child: "inner.exports", parent: "exports" },
      { child: "exports", parent: "exports.again" },
      { child: "leaf.deep", parent: "a" },
      { child: "deep", parent: "" },
      { child: "deep", parent: "global.deep" },
      { child: "exports.data", parent: "one" },
      "data.deep",
      "leaf",
    ]);
  }
  schema() {
    const type = () =>
      this.pick(["string", "number", "integer", "object", "array", "null", ["object", "null"], "boolean"]);
    return {
      $schema: this.pick([
        "http://json-schema.org/draft-07/schema#",
        "https://json-schema.org/draft/2020-12/schema",
        "http://json-schema.org/draft-06/schema#",
        "https://json-schema.org/draft/2019-09/schema",
      ]),
      type: "object",
      properties: {
        a: { type: type(), default: "not filled in" },
        b: this.pick([
          { minLength: 2 },
          { enum: [1, "text"] },
          { minimum: 1 },
          { additionalProperties: false, properties: { a: {} } },
          { pattern: "^[a-z]+$" },
          { const: 1 },
          { anyOf: [{ type: "string" }, { type: "null" }] },
          { oneOf: [{ type: "number" }, { multipleOf: 2 }] },
          { not: { type: "string" } },
          { if: { type: "string" }, then: { maxLength: 2 }, else: { type: "object" } },
        ]),
        list: { items: { type: type() }, minItems: this.number(2), uniqueItems: this.chance(0.3) },
        deep: this.pick([{ required: ["a"] }, { maxProperties: 1 }, { propertyNames: { pattern: "^[a-z]$" } }]),
      },
      ...(this.chance(0.3) ? { required: ["a", "c"] } : {}),
      ...(this.chance(0.1) ? { additionalProperties: false } : {}),
    };
  }
  /** A path of --set. */
  path(isLiteral = false) {
    const part = () => {
      const word = this.pick([this.key(), this.key(), "one", "two", "global", "tags", "front", "inner", "other"]);
      const escaped = isLiteral ? word : word.replace(/[.,=[\\]/g, "\\$&");
      const rest = this.times(
        this.chance(0.2) ? 2 : 0,
        () =>
          `[${this.pick(this.chance(0.97) ? [0, 0, 1, 2, 3] : [9, "00", "+1", " 1", "0x1", "1_0", "1e1", 65536, 65537, "-0", ""])}]`,
      ).join("");
      return (this.chance(0.04) ? word : escaped) + rest;
    };
    const text = [part(), ...this.times(2, part)].join(".");
    return this.chance(0.04) ? this.spoiled(text) : text;
  }
  /** A text with one place that may not be right any more. */
  spoiled(text) {
    const at = this.number(text.length + 1);
    const what = this.pick([
      ".",
      "[",
      "]",
      "=",
      ",",
      "\\",
      "{",
      "}",
      "[-1]",
      "[x]",
      "[1",
      "..",
      "[0].",
      "[0][0]",
      '"',
      " ",
    ]);
    return text.slice(0, at) + (this.chance(0.2) ? "" : what + text.slice(at));
  }
  setText() {
    if (this.chance(0.15)) return this.pick(oddTexts).replace(/[,\\{}]/g, "\\$&");
    return this.pick([
      "1",
      "true",
      "null",
      "text",
      "",
      "{a,b,1}",
      "{a\\,b,null,true,0}",
      "{1}x",
      "{}",
      "{,}",
      "a\\,b",
      "a\\",
      "0x1",
      "010",
      "0",
      "1.5",
      "é",
      "a=b",
      "a.b[0]",
      "TRUE",
      "Null",
      " 1",
      "99999999999999999999",
      "9223372036854775807",
      "-5",
    ]);
  }
  jsonText() {
    const text = JSON.stringify(this.value(2));
    return this.pick([text, text, text, ` ${text} `, "", " ", this.spoiled(text), `${text}${text}`]);
  }
  flag() {
    const kind = this.pick(["--set", "--set", "--set", "--set-string", "--set-json", "--set-literal", "--set-file"]);
    const join = (make) => [make(), ...this.times(this.chance(0.35) ? 2 : 0, make)].join(",");
    if (kind === "--set-literal") return [kind, `${this.path(true)}=${this.setText()}`];
    if (kind === "--set-file")
      return [kind, join(() => `${this.path()}=${this.pick(["f.txt", "f.yaml", "top/values.yaml", "none"])}`)];
    if (kind !== "--set-json") return [kind, join(() => `${this.path()}=${this.setText()}`)];
    if (this.chance(0.3))
      return [kind, this.chance(0.9) ? JSON.stringify(this.map(2)) : this.pick(["[1]", "{", "1", "null", "{}x"])];
    return [kind, join(() => `${this.path()}=${this.jsonText()}`)];
  }
  flags() {
    const flags = [];
    while (this.chance(0.6)) {
      const [kind, text] = this.flag();
      flags.push([kind, this.chance(0.03) ? this.spoiled(text) : text]);
    }
    return flags;
  }

  /** A map as YAML of many looks. */
  yaml(values) {
    if (this.chance(0.25)) return `${JSON.stringify(values)}\n`;
    if (this.chance(0.02))
      return this.pick([
        "",
        "# nothing\n",
        "---\n",
        "null\n",
        "[1]\n",
        "text\n",
        "a: [\n",
        "\ta: 1\n",
        "a: 1\na: 2\n",
        "a: .nan\n",
        "1\n",
      ]);
    const anchors = [];
    let text = this.block(values, "", anchors);
    if (text === "") text = "{}\n";
    if (this.chance(0.1)) text = `# first\n\n${text}`;
    if (this.chance(0.1)) text = `---\n${text}`;
    if (this.chance(0.12))
      text += `${this.pick(["---\n", "--- # more\n", "---  \n", "...\n---\n", "\n---\n\n"])}${this.block(this.map(2), "", [])}`;
    if (this.chance(0.006)) text += this.pick(["--- {a: 1}\n", "----\n", "---x: 1\n", "...\n"]);
    if (this.chance(0.05)) text = text.replaceAll("\n", "\r\n");
    if (this.chance(0.03)) text = `\ufeff${text}`;
    if (this.chance(0.1)) text = text.replace(/\n$/, "");
    return text;
  }
  block(values, indent, anchors) {
    let text = "";
    if (anchors.length > 0 && this.chance(0.1)) text += `${indent}<<: *${this.pick(anchors)}\n`;
    for (const [key, value] of Object.entries(values)) {
      if (this.chance(0.05)) text += `${indent}# about it\n`;
      text += `${indent}${this.keyText(key)}:${this.node(value, indent, anchors)}`;
    }
    return text;
  }
  keyText(key) {
    if (/^[a-z][a-z-]*$/.test(key) && !["true", "null"].includes(key))
      return this.chance(0.9) ? key : this.pick([`"${key}"`, `'${key}'`]);
    if (["1", "true", "2.5"].includes(key) && this.chance(0.7)) return key;
    if (this.chance(0.01)) return this.pick(["~", "? [a, 1]\n", "18446744073709551615", "!!null x"]);
    return JSON.stringify(key);
  }
  node(value, indent, anchors) {
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    const isLong = typeof value === "object" && value !== null && Object.keys(value).length > 0;
    if (isLong && this.chance(0.8)) {
      const inner = `${indent}  `;
      let anchor = "";
      let known = anchors;
      if (isMap && this.chance(0.1)) {
        anchor = ` &n${this.number(1000)}`;
        known = [];
      }
      const text = isMap
        ? this.block(value, inner, known)
        : this.items(value, this.chance(0.5) ? inner : indent, known);
      if (anchor !== "") anchors.push(anchor.slice(2));
      return `${anchor}\n${text}`;
    }
    if (isMap && anchors.length > 0 && this.chance(0.05)) return ` *${this.pick(anchors)}\n`;
    return ` ${this.flow(value, indent)}\n`;
  }
  items(list, indent, anchors) {
    return list.map((item) => `${indent}-${this.node(item, `${indent}  `, anchors)}`).join("");
  }
  flow(value, indent) {
    if (typeof value === "object" && value !== null) return JSON.stringify(value);
    if (typeof value === "number")
      return this.chance(0.9)
        ? JSON.stringify(value)
        : this.pick(["0x1F", "0o17", "017", "1_000", "1e3", ".5", "+1", "-0", "0b11", "1."]);
    if (value === null) return this.pick(["null", "~", "", "Null"]);
    if (value === true || value === false) return this.pick([`${value}`, `${value}`, value ? "True" : "FALSE"]);
    return this.textNode(value, indent);
  }
  textNode(text, indent) {
    if (/\n/.test(text) && this.chance(0.7)) {
      const lines = text.replace(/\n+$/, "").split("\n");
      const head = this.pick(["|", "|-", "|+", ">", ">-"]);
      return `${head}\n${lines.map((line) => `${indent}  ${line}`).join("\n")}`;
    }
    if (/^[a-z]+$/.test(text) && this.chance(0.7)) return text;
    if (
      !/inf/i.test(text) &&
      oddTexts.includes(text) &&
      /^[\w.+-][\w.+:-]*$/.test(text) &&
      !/[:-]$/.test(text) &&
      this.chance(0.5)
    )
      return text;
    return this.chance(0.6) ? JSON.stringify(text) : `'${text.replace(/[\n\t]/g, " ").replaceAll("'", "''")}'`;
  }
}

/** The files of a folder with the chart `top` and files of values, and the words after `template r top`. */
export function makeCase(seed) {
  const maker = new Maker(seed);
  const files = {};
  const chart = (path, name, { dependencies = [], names, version }) => {
    const isOld = maker.chance(0.12);
    const metadata = {
      apiVersion: isOld ? "v1" : "v2",
      name,
      version: version ?? maker.pick(["1.0.0", "1.0.0", "1.2.3-beta.1"]),
    };
    const isListed = dependencies.length > 0 || maker.chance(0.3);
    if (isListed && isOld) files[`${path}requirements.yaml`] = `${JSON.stringify({ dependencies })}\n`;
    else if (isListed) metadata.dependencies = dependencies;
    if (path !== "top/" && maker.chance(0.06)) metadata.type = "library";
    files[`${path}Chart.yaml`] = `${JSON.stringify(metadata)}\n`;
    if (maker.chance(0.92)) files[`${path}values.yaml`] = maker.yaml(maker.chartValues(names));
    files[`${path}templates/show.yaml`] = show;
    if (maker.chance(0.1)) files[`${path}values.schema.json`] = JSON.stringify(maker.schema());
  };
  const alias = maker.chance(0.3) ? "other" : undefined;
  const names = ["one", "two", "other", "inner", ...(maker.chance(0.4) ? ["leaf", "again"] : [])];
  const ask = (share, name, share2, other) =>
    maker.chance(share) ? [maker.dependency(name, maker.chance(share2) ? other : undefined)] : [];
  const dependencies = [
    ...(maker.chance(0.85) ? [maker.dependency("one", alias)] : []),
    ...(maker.chance(0.05) ? [maker.dependency("one", maker.pick(["other", "again", undefined]))] : []),
    ...ask(0.7, "two", 0.1, "second"),
  ];
  if (maker.chance(0.15))
    dependencies.push({ ...maker.dependency("one", "again"), version: maker.pick(["2.x", "*", ">1"]) });
  chart("top/", "top", { dependencies, names });
  chart("top/charts/one/", "one", { dependencies: ask(0.6, "inner", 0.2, "deep"), names });
  // The same chart in another version, in a folder of another name.
  if (maker.chance(0.1)) chart("top/charts/one-2/", "one", { names, version: "2.0.0" });
  chart("top/charts/one/charts/inner/", "inner", {
    dependencies: ask(0.35, "leaf", 0.2, "list"),
    names: ["inner", "leaf"],
  });
  if (maker.chance(0.5)) chart("top/charts/one/charts/inner/charts/leaf/", "leaf", { names: ["leaf"] });
  chart("top/charts/two/", "two", { dependencies: ask(0.1, "inner", 0, ""), names });
  const flags = maker.times(3, (_, i) => {
    files[`v${i}.yaml`] = maker.yaml(maker.chartValues(names));
    return ["-f", `v${i}.yaml`];
  });
  files["f.txt"] = "from a file\n";
  files["f.yaml"] = "a: 1\n";
  return { files, flags: [...flags, ...maker.flags()] };
}
