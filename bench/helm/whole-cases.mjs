// Random whole charts: what `whole-charts.mjs` gives to helm and keelson.

import { gzipSync } from "node:zlib";
import { Maker } from "./values-cases.mjs";
import { chartYaml } from "./chart-yaml.mjs";
import { actionText } from "./whole-actions.mjs";

const { writeTar } = await import("../../engine/dist/render/helm/tar.js");

const kinds = [
  ..."ConfigMap ConfigMap Secret Service Deployment Job CronJob Pod Namespace ServiceAccount Role RoleBinding ClusterRole".split(
    " ",
  ),
  ..."CustomResourceDefinition Ingress IngressClass APIService StorageClass PriorityClass SecretList RoleList List".split(
    " ",
  ),
  ..."PodDisruptionBudget NetworkPolicy HorizontalPodAutoscaler ValidatingWebhookConfiguration Zed Alpha alpha configmap".split(
    " ",
  ),
  ..."ResourceQuota LimitRange PersistentVolume StatefulSet DaemonSet ReplicaSet ClusterRoleBindingList Gateway".split(
    " ",
  ),
];

/** What may stand between documents; most of it separates them. */
const separators = [
  "---\n",
  "---\n",
  "---\n",
  "---\n",
  "\n---\n",
  "---\n---\n",
  "--- \n",
  "---\t\n",
  "--- # a comment\n",
  "---\r\n",
  "---\n\n\n",
  "---   \n  \n",
  "---\n# only a comment\n---\n",
  "---\nnull\n---\n",
  "---\n\u00a0\n---\n",
  "---\n{}\n---\n",
  "# before\n---\n",
  "---\n--- \n---\t\n",
  "\u0085---\n",
  "---",
  '{{- "" }}---\n',
  '---\n{{ "" }}\n---\n',
  '--- {{ "" -}}\n',
];

/** What stands there too, and is YAML of another kind, or none. */
const oddSeparators = [
  "----\n",
  "---x: 1\n",
  " ---\n",
  "...\n---\n",
  "...\n",
  "--- |\n",
  "---\n\ufeff---\n",
  "---\u00a0\n",
  "---\u2003\n",
  "%YAML 1.2\n---\n",
  "\n",
  "---\n\v\f\n---\n",
];

const hookNames = [
  "pre-install",
  "post-install",
  "pre-upgrade",
  "post-delete",
  "test",
  "test-success",
  "pre-install,post-upgrade",
  " Test ",
  "PRE-INSTALL",
  "test, pre-delete",
  "crd-install",
  "unknown",
  "",
  "pre-install,",
  "test-failure",
  "pre-rollback,post-rollback",
  "\u00a0test",
  "pre-install, unknown",
  "test,test",
];

const paths = [
  "a.yaml",
  "a.yaml",
  "b.yaml",
  "z.yml",
  "c.json",
  "notes.txt",
  "sub/a.yaml",
  "sub/deep/b.yaml",
  "tests/t.yaml",
  "sub/_x.yaml",
  "_partials/x.yaml",
  ".hidden.yaml",
  "sub/.hidden",
  "a b.yaml",
  "é.yaml",
  "A.yaml",
  "NOTES.txt",
  "sub/NOTES.txt",
  "xNOTES.txt",
  "NOTES.txt.yaml",
  "plain",
  "a.yaml.tpl",
  "[a].yaml",
  "a-b.yaml",
  "a/b/c/d.yaml",
  "_",
  "crds/x.yaml",
  "a#b.yaml",
];

const partialNames = [
  ..."name labels one.name two.name deep.name top.name shared".split(" "),
  "top/templates/a.yaml",
  "top/charts/one/templates/_helpers.tpl",
  "gotpl",
];

const partialPaths = ["_helpers.tpl", "_helpers.tpl", "_a.tpl", "_z.tpl", "sub/_helpers.tpl", "_x", "sub/deep/_y.tpl"];

const filePaths = [
  "f.txt",
  "conf/a.ini",
  "conf/b.ini",
  "conf/deep/c.json",
  "conf/deep/a.ini",
  "bin.dat",
  "crlf.txt",
  "bom.txt",
  "empty",
  "README.md",
  "no-newline",
  ".dot",
  "conf/.dot",
  "file.prov",
  "Chart.lock.bak",
  "values.yaml.orig",
  "conf/values.yaml",
  "conf/Chart.yaml",
  "ddé.txt",
  "a b.txt",
  "charts/_README.md",
  "charts/_ignored/x",
  "charts/x.prov",
  "charts/.dot",
  "templates.txt",
  "crds/a.yaml",
  "crds/sub/b.yml",
  "crds/c.JSON",
  "crds/d.txt",
  "crds/README.md",
  "crds/_e.yaml",
  "LICENSE",
  "conf/{x}.txt",
  "conf/[y].txt",
  "conf/back\\slash",
];

const contents = [
  "plain\n",
  "no newline",
  "",
  "\n",
  "two\nlines\n",
  "a\r\nb\r\n",
  "\ufeffmark\n",
  "in\ufeffside",
  "tab\there\n",
  "trail \n",
  " lead\n",
  "key: value\nother: [1]\n",
  '{"a": 1}',
  "\n\nblank\n\n\n",
  "# comment\n",
  "é 日本 \u{1F600}\n",
  "x".repeat(90),
  "a: b: c\n",
  "'quoted'\n",
  "{{ .Values.a }}\n",
  "---\nkind: A\n---\nkind: B\n",
  "0123",
  "true",
  "null\n",
  "long words ".repeat(12) + "\n",
  "\u0000\u0001\n",
  "\u2028\n",
  "\ufeff\ufeffx",
  "- a\n- b\n",
  "\u0085next\n",
  "\u00a0",
];

const binaries = [
  [0xff, 0xfe, 0x00],
  [0xe2, 0x82],
  [0xc3, 0x28, 0x0a],
  [0x80],
  [0xed, 0xa0, 0x80],
  [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00],
  [0xef, 0xbb, 0xbf, 0xff, 0x0a],
  [0x61, 0xff, 0x0a, 0x62],
  [0xf0, 0x9f, 0x98],
  [0xef, 0xbb],
];

const ignoreLines = [
  "*.txt",
  "conf/",
  "/conf/",
  "conf/*",
  "conf",
  "/f.txt",
  "f.?xt",
  "[a-f].txt",
  "[^a]*.md",
  "",
  "# comment",
  " *.dat ",
  "conf/deep",
  "deep/",
  "templates/sub",
  "templates/sub/",
  "templates/a.yaml",
  "charts/one",
  "charts/two/",
  "charts/*/templates",
  "values.yaml",
  "templates",
  ".*",
  "*.prov",
  "\\#x",
  "\\!x",
  "crds",
  "crds/*.yml",
  "*/a.ini",
  "conf/*/a.ini",
  "/",
  "./f.txt",
  "conf//",
  "//f.txt",
  "ddé.txt",
  "a b.txt",
  "_*",
  "charts/*/f.txt",
  "\u00a0f.txt\u00a0",
  "\ufefff.txt",
  "?",
  "??",
  "[!a]*.md",
  "NOTES.txt",
  "-",
  "empty",
  "bin.*",
];

const brokenIgnoreLines = [
  "*",
  "!*",
  "!conf",
  "!*.yaml",
  "!conf/",
  "!/f.txt",
  "!/",
  "!NOTES.txt",
  "Chart.yaml",
  "*.y*ml",
  "!",
  "**/x",
  "[",
  "[]a]",
  "a[",
  "x\\",
  "conf/**",
];

const showPatterns = [
  "templates/a.yaml",
  "templates/*",
  "templates/*.yaml",
  "templates/sub/*",
  "templates/*/*",
  "charts/one/templates/a.yaml",
  "charts/*/templates/*",
  "templates/none.yaml",
  "*",
  "templates/b.yaml",
  "templates/[ab].yaml",
  "templates/?.yaml",
  "crds/*",
  "templates/NOTES.txt",
  "[",
  "templates/[",
  "templates//a.yaml",
  "/templates/a.yaml",
  "templates/sub/deep/b.yaml",
  "charts/one/charts/*/templates/*",
  "",
  "templates/tests/t.yaml",
  "templates/\\[a\\].yaml",
  "templates/sub",
];

class ChartMaker extends Maker {
  isWild = this.chance(0.3);
  near = [];
  defined = new Set();
  files = {};
  bytes = {};

  /** What may make helm refuse a chart: only in some charts, or hardly any would be rendered. */
  odd(share) {
    return this.isWild && this.chance(share);
  }
  some(most, list) {
    return [...new Set(this.times(most, () => this.pick(list)))];
  }

  /** One document of a template. */
  document() {
    const lines = [];
    if (this.chance(0.1)) lines.push("# a comment");
    if (this.chance(0.85)) lines.push(`apiVersion: ${this.pick(["v1", "apps/v1", "x.io/v1", '"v1"', "1"])}`);
    if (this.chance(0.96)) lines.push(`kind: ${this.kind()}`);
    if (this.chance(0.9)) lines.push(...this.metadata());
    for (const one of this.times(3, () => this.line())) lines.push(one);
    if (this.odd(0.04)) lines.push(this.pick(["a: b: c", "\tx: 1", "- x", "x", "kind: [", "'"]));
    const newline = this.chance(0.04) ? "\r\n" : "\n";
    return lines.map((line) => line + newline).join("");
  }
  kind() {
    if (this.odd(0.05)) return this.pick(["", "null", "1", "true", "[A]", "{a: 1}", "1.50", "~", "0x10"]);
    return this.pick(kinds);
  }
  metadata() {
    if (this.odd(0.05))
      return [`metadata: ${this.pick(["", "null", "[]", "text", "1", "{name: [1]}", "{annotations: [a]}"])}`];
    const lines = [
      "metadata:",
      `  name: ${this.pick(["x", "y", "{{ .Release.Name }}-x", "1", "true", "{{ .Chart.Name }}"])}`,
    ];
    if (this.chance(0.4)) lines.push("  annotations:", ...this.annotations());
    return lines;
  }
  annotations() {
    const lines = ["    note: text"];
    if (this.chance(0.6)) lines.push(`    ${this.pick(["helm.sh/hook", '"helm.sh/hook"'])}: ${this.hook()}`);
    if (this.chance(0.4))
      lines.push(
        `    helm.sh/hook-weight: ${this.pick(['"1"', '"-5"', "3", '"x"', '" 1"', '"+2"', "1.5", "null", '"0x1"'])}`,
      );
    if (this.chance(0.2))
      lines.push(
        `    helm.sh/hook-delete-policy: ${this.pick(["hook-succeeded", "before-hook-creation,hook-failed", "null", "[a]", "1"])}`,
      );
    if (this.chance(0.1))
      lines.push(
        `    ${this.pick(["a: 1", "b: true", "c: null", "d: 1.0", "e: 1e3", "f: {a: 1}", "{{ .Chart.Name }}: x", "note: again"])}`,
      );
    return this.odd(0.05) ? [] : lines;
  }
  hook() {
    return !this.odd(0.1)
      ? JSON.stringify(this.pick(hookNames))
      : this.pick(["test", "null", "1", "true", "", "[test]"]);
  }
  line() {
    return this.chance(0.75)
      ? actionText(this)
      : this.pick([
          "data: {a: b}",
          "spec:\n  x: 1",
          "# comment",
          "",
          "items: [{kind: A}, {kind: B}]",
          "x: |\n  ---\n  y",
        ]);
  }

  separator() {
    return this.pick(this.odd(0.2) ? oddSeparators : separators);
  }
  template() {
    this.defined = new Set();
    const parts = this.times(3, () => this.document());
    let text = parts.length === 0 ? "" : (this.chance(0.3) ? this.separator() : "") + parts.shift();
    for (const part of parts) text += this.separator() + part;
    if (this.chance(0.1)) text += this.separator();
    if (this.chance(0.08))
      text =
        this.pick(["\ufeff", "\u00a0\n", "\n\n", " ", "\u2003", "{{- /* about */ -}}\n", '{{ "\\ufeff" }}', "\u0085"]) +
        text;
    if (this.chance(0.1)) text = text.replace(/\n$/, "");
    if (this.chance(0.06))
      text = `{{- if ${this.pick([".Values.enabled", ".Values.a", 'eq .Chart.Name "one"', "not .Values.missing"])} }}\n${text}{{- end }}\n`;
    return text;
  }
  partials() {
    return this.some(2, partialNames)
      .map((name) => this.partial(name))
      .join("");
  }
  partial(name) {
    const bodies = [
      "here {{ .Template.Name }}",
      "{{ .Chart.Name }}",
      "v{{ .Values.a | toJson }}",
      "",
      "{{ $.Template.BasePath }}",
      " \n ",
      "{{/* nothing */}}",
    ];
    // What includes itself ends at a limit, which takes long.
    if (name !== "shared") bodies.push('{{ include "shared" . }}', '{{ template "shared" . }}');
    if (name === "name") bodies.push('{{ block "block" . }}default{{ end }}');
    const [open, close] = [this.pick([" ", " -"]), this.pick([" ", "- "])];
    const head = this.chance(0.97) ? `define "${name}"` : `block "${name}" .`;
    const broken = this.odd(0.01) ? this.pick(["{{ end }}", "{{", "{{ if }}", "{{ nope }}", "{{ define x }}"]) : "";
    return `{{- ${head}${open}}}${this.pick(bodies)}{{${close}end }}\n${broken}`;
  }

  content(path) {
    if (this.chance(0.12)) this.bytes[path] = Uint8Array.from(this.pick(binaries));
    else this.files[path] = this.pick(contents);
  }
  crd() {
    return this.pick([
      "kind: CustomResourceDefinition\nmetadata: {name: a}\n",
      "---\nkind: CustomResourceDefinition\n",
      "kind: CustomResourceDefinition\r\n",
      "kind: X",
      "{{ .Values.a }}\n",
      "",
      "a: [\n",
      "# c\n---\nkind: A\n---\nkind: B\n\n\n",
    ]);
  }

  chart(path, options) {
    this.near = options.near ?? [];
    this.files[`${path}Chart.yaml`] = chartYaml(this, { ...options, path });
    if (this.chance(0.85))
      this.files[`${path}values.yaml`] = `${JSON.stringify(this.chartValues(["one", "two", "deep"]))}\n`;
    if (path === "top/" && this.chance(0.93))
      this.files[`${path}templates/_base.tpl`] = [...partialNames.slice(0, 7), "inner"]
        .map((one) => this.partial(one))
        .join("");
    for (const name of this.some(4, paths)) this.files[`${path}templates/${name}`] = this.template();
    for (const name of this.some(3, partialPaths))
      this.files[`${path}templates/${name}`] = this.partials() + (this.chance(0.2) ? "text" : "");
    for (const name of this.some(this.chance(0.6) ? 6 : 0, filePaths)) {
      if (name.startsWith("crds/")) this.files[path + name] = this.crd();
      else this.content(path + name);
    }
    if (this.chance(0.12)) this.files[`${path}.helmignore`] = this.ignoreText();
    if (this.chance(0.06)) this.files[`${path}${this.pick(["Chart.lock", "requirements.lock"])}`] = this.lock();
    if (this.chance(0.006)) this.files[`${path}charts/${this.pick(["README.md", "x/values.yaml"])}`] = "text\n";
  }
  lock() {
    if (!this.odd(0.4))
      return this.pick([
        "dependencies: []\n",
        "",
        "digest: 1\n",
        'generated: "2020-01-01T00:00:00Z"\n',
        "dependencies: [null]\n",
        "Digest: \u200b\ndigest: null\n",
      ]);
    return this.pick([
      "[a]\n",
      "a: [\n",
      "generated: yesterday\n",
      "text\n",
      "dependencies: [{name: [a]}]\ngenerated: x\n",
      "digest: {}\ndependencies: {}\n",
      "generated: 1\n",
    ]);
  }
  /** Puts a packed chart in the place of the folder below `above`. */
  pack(above, name) {
    const entries = [];
    const base = this.pick([name, name, "other", `./${name}`, `${name}-1.0.0`]);
    for (const held of [this.files, this.bytes])
      for (const [path, data] of Object.entries(held)) {
        if (!path.startsWith(`${above}${name}/`)) continue;
        entries.push({ name: `${base}${path.slice(above.length + name.length)}`, data: Buffer.from(data) });
        delete held[path];
      }
    if (this.chance(0.5)) entries.reverse();
    this.bytes[`${above}${this.pick([name, `${name}-1.0.0`, "a"])}.tgz`] = gzipSync(writeTar(entries, 0));
  }
  ignoreText() {
    const lines = this.times(4, () => this.pick(this.odd(0.06) ? brokenIgnoreLines : ignoreLines));
    const text = lines.join(this.chance(0.1) ? "\r\n" : "\n");
    return (this.chance(0.05) ? "\ufeff" : "") + text + (this.chance(0.7) ? "\n" : "");
  }

  flags() {
    const flags = [["-n", this.pick(["default", "default", "ns", "a-b"])]];
    const add = (share, ...words) => this.chance(share) && flags.push(words);
    add(0.2, "--is-upgrade");
    add(0.25, "--include-crds");
    add(0.12, "--skip-tests");
    add(0.08, "--no-hooks");
    add(0.1, "--api-versions", this.pick(["x.io/v1", "x.io/v1,y.io/v1/Kind", "v1", ",", "x.io/v1,", " a"]));
    add(
      0.12,
      "--kube-version",
      this.pick([
        "1.20",
        "v1.29.3",
        "1.30.0-gke.1",
        "v1.31.2+k3s1",
        "1.2.3.4",
        "v1.19-alpha",
        " 1.25",
        "1.25 ",
        "1.25.3-rc.1+x",
      ]),
    );
    add(0.01, "--kube-version", this.pick(["1", "x", "01.2", "\u00a01.2", "1.01", "", "1..2"]));
    while (this.chance(0.12)) flags.push(["--show-only", this.pick(showPatterns)]);
    add(
      0.2,
      "--set",
      `${this.pick(["a", "one.a", "enabled", "global.x", "tags.front", "one.enabled", "one.deep.enabled"])}=${this.pick(["1", "true", "false", "text", "null"])}`,
    );
    return flags;
  }
}

const declared = (maker, name) => ({
  name,
  version: maker.pick(["*", "*", "1.x", ">=0.1.0-0", "~1"]),
  ...(maker.chance(0.3) ? { condition: `${name}.enabled` } : {}),
  ...(maker.chance(0.2) ? { tags: ["front"] } : {}),
});

/** The files of a folder with the chart `top`, and the words after `template r top`. */
export function makeCase(seed) {
  const maker = new ChartMaker(seed);
  const isDeclared = maker.chance(0.6);
  const dependencies = [];
  const one = maker.chance(0.7);
  const two = maker.chance(0.5);
  if (isDeclared && one)
    dependencies.push({ ...declared(maker, "one"), ...(maker.chance(0.15) ? { alias: "again" } : {}) });
  if (isDeclared && one && maker.chance(0.2)) dependencies.push({ ...declared(maker, "one"), alias: "other" });
  if (isDeclared && two) dependencies.push(declared(maker, "two"));
  const near = isDeclared
    ? dependencies.map(({ name, alias }) => alias ?? name)
    : [...(one ? ["one"] : []), ...(two ? ["two"] : [])];
  maker.chart("top/", { name: "top", dependencies, isDeclared, near });
  if (one) {
    const deep = maker.chance(0.4);
    const isInner = deep && maker.chance(0.5);
    maker.chart("top/charts/one/", {
      name: "one",
      dependencies: isInner ? [declared(maker, "deep")] : [],
      isDeclared: isInner,
      near: deep ? ["deep"] : [],
    });
    if (deep) maker.chart("top/charts/one/charts/deep/", { name: "deep", dependencies: [], isDeclared: false });
  }
  if (two)
    maker.chart("top/charts/two/", { name: "two", dependencies: [], isDeclared: false, isLibrary: maker.chance(0.3) });
  if (one && maker.chance(0.12)) maker.pack("top/charts/", "one");
  if (two && maker.chance(0.12)) maker.pack("top/charts/", "two");
  return { files: maker.files, bytes: maker.bytes, flags: maker.flags() };
}
