// Lines of templates that look at everything a chart's scope holds: what `whole-cases.mjs` fills its templates with.

const files = [
  "f.txt",
  "conf/a.ini",
  "bin.dat",
  "crlf.txt",
  "bom.txt",
  "empty",
  "no-newline",
  "none",
  "conf",
  "values.yaml",
  "Chart.yaml",
  "README.md",
  "./f.txt",
  "crds/a.yaml",
  "charts/README.md",
  "charts/x.prov",
  "file.prov",
  ".helmignore",
  "conf/back\\\\slash",
  "values.schema.json",
  "Chart.lock",
  "requirements.yaml",
  "requirements.lock",
  "templates/a.yaml",
  "conf/values.yaml",
  "/f.txt",
  "",
];

const globs = [
  "*",
  "**",
  "conf/*",
  "conf/**",
  "**.ini",
  "**/a.ini",
  "*.{txt,md}",
  "conf/{a,b}.ini",
  "[a-f]*",
  "?.txt",
  "none*",
  "{conf,bin}*",
  "conf/*/*",
  "**/",
  "",
  "/",
  "{f.txt,}",
  "*.t?t",
  "[!a]*",
  "conf/deep/*.json",
  "crds/**",
  "**.y*ml",
  "*/**/*.ini",
  "[",
  "{",
  "conf/[[]y].txt",
  "conf/\\\\{x}.txt",
];

const partials = ["name", "labels", "one.name", "two.name", "deep.name", "top.name", "shared", "inner"];

const oddPartials = [
  "none",
  "top/templates/a.yaml",
  "top/templates/_helpers.tpl",
  "top/charts/one/templates/a.yaml",
  "top/charts/one/templates/_helpers.tpl",
  "gotpl",
  "",
  "top/templates/NOTES.txt",
];

/** A name that this file defines no other time: Go refuses the second. */
function fresh(maker, names) {
  const name = maker.pick(names);
  if (maker.defined.has(name) && !maker.odd(0.1)) return undefined;
  maker.defined.add(name);
  return JSON.stringify(name);
}

/** A member of a scope. */
const member = (of, name) => (of === "." ? `.${name}` : `${of}.${name}`);

/** What a template may hand on: mostly what there is. */
function scope(maker) {
  if (!maker.odd(0.15)) {
    const near = maker.near.map((name) => `.Subcharts.${name}`);
    return maker.pick([".", ".", ".", "$", ...near, ...near]);
  }
  return maker.pick([
    ".Subcharts.one",
    ".Subcharts.one.Subcharts.deep",
    ".Subcharts",
    ".Values",
    ".Chart",
    "nil",
    "dict",
    '(index .Subcharts "one")',
    ".Subcharts.none",
  ]);
}

const chartFields =
  "Name Home Sources Version Description Keywords Maintainers Icon APIVersion Condition Tags AppVersion Deprecated Annotations KubeVersion Dependencies Type IsRoot Missing name".split(
    " ",
  );

const quiet = [
  "a",
  "b",
  "c",
  "enabled",
  "list",
  "deep",
  "global",
  "one",
  "two",
  "tags",
  "exports",
  "global.a",
  "deep.a",
  "one.a",
  "seen",
  "x-y",
  "global.deep.seen",
];

/** A pipeline that ends in text which is safe inside YAML. */
function shown(maker, pipeline) {
  return maker.pick([
    `{{ ${pipeline} | toJson }}`,
    `{{ ${pipeline} | toJson }}`,
    `{{ ${pipeline} | toString | quote }}`,
    `{{ toYaml (${pipeline}) | quote }}`,
    `{{ printf "%v" (${pipeline}) | quote }}`,
    `{{ typeOf (${pipeline}) | quote }}`,
    `{{ kindOf (${pipeline}) }}`,
  ]);
}

function valuePath(maker) {
  const path = maker.pick(quiet);
  if (path.includes("-")) return `index .Values ${JSON.stringify(path)}`;
  // In parentheses what is absent is nothing; without them it ends the rendering.
  if (maker.odd(0.2)) return `.Values.${path}`;
  return path.split(".").reduce((above, name) => `(${above}.${name})`, ".Values");
}

function ofChart(maker) {
  const field = `.Chart.${maker.pick(chartFields)}`;
  if (maker.chance(0.25))
    return maker.pick([
      "{{ range .Chart.Dependencies }}{{ .Name }}/{{ .Alias }}/{{ .Enabled }}/{{ .Version }}/{{ toJson .ImportValues }}/{{ .Tags }} {{ end }}",
      "{{ toJson .Chart }}",
      "{{ range .Chart.Maintainers }}{{ .Name }}<{{ .Email }}>{{ .URL }} {{ end }}",
      "{{ with .Chart.Annotations }}{{ . | toJson }}{{ else }}none{{ end }}",
      "{{ .Chart.Annotations.k }}",
      '{{ index .Chart.Annotations "k" }}',
      '{{ .Chart.Name | replace "o" "0" }}-{{ .Chart.Version | replace "+" "_" }}',
      "{{ keys .Chart | sortAlpha }}",
      '{{ semverCompare ">=1.0.0" .Chart.Version }}',
    ]);
  return shown(maker, field);
}

function ofFiles(maker) {
  const file = JSON.stringify(maker.pick(files)).replaceAll("\\\\\\\\", "\\\\");
  const glob = JSON.stringify(maker.pick(globs)).replaceAll("\\\\\\\\", "\\\\");
  const of = maker.pick([
    ".Files",
    ".Files",
    ".Files",
    "$.Files",
    member(scope(maker), "Files"),
    `(.Files.Glob ${glob})`,
  ]);
  const makes = [
    () => `{{ ${of}.Get ${file} | quote }}`,
    () => `{{ ${of}.Get ${file} | toJson }}`,
    () => `{{ ${of}.Get ${file} | b64enc }}`,
    () => `{{ ${of}.Get ${file} | sha256sum }}`,
    () => `{{ ${of}.Get ${file} | len }}`,
    () => `|\n{{ ${of}.Get ${file} | indent 4 }}\n  end: 1`,
    () => `{{ toYaml (dict "k" (${of}.Get ${file})) | quote }}`,
    () => `{{ ${of}.GetBytes ${file} | toJson }}`,
    () => `{{ ${of}.GetBytes ${file} | len }}`,
    () => `{{ ${of}.GetBytes ${file} | printf "%s" | quote }}`,
    () => `{{ ${of}.GetBytes ${file} }}`,
    () => `{{ typeOf (${of}.GetBytes ${file}) }}`,
    () => `{{ ${of}.Lines ${file} | toJson }}`,
    () => `{{ range $i, $l := ${of}.Lines ${file} }}{{ $i }}={{ $l | quote }};{{ end }}`,
    () => `{{ len (${of}.Lines ${file}) }}`,
    () => `{{ range $p, $_ := ${of}.Glob ${glob} }}{{ $p }} {{ end }}`,
    () => `{{ range $p, $b := ${of}.Glob ${glob} }}{{ $p }}={{ $b | toString | quote }} {{ end }}`,
    () => `{{ len (${of}.Glob ${glob}) }}`,
    () => `\n{{ (${of}.Glob ${glob}).AsConfig | indent 2 }}`,
    () => `\n{{ (${of}.Glob ${glob}).AsSecrets | nindent 2 }}`,
    () => `{{ ${of}.AsConfig | quote }}`,
    () => `{{ ${of}.AsSecrets | quote }}`,
    () => `{{ index ${of} ${file} | toJson }}`,
    () => `{{ if ${of}.Get ${file} }}some{{ else }}none{{ end }}`,
    () => `{{ tpl (${of}.Get ${file}) . | quote }}`,
    () => `{{ ${of}.Get ${file} | fromYaml | toJson }}`,
    () => `{{ toJson (${of}.Glob ${glob}) }}`,
    () => `{{ if ${of}.Glob ${glob} }}some{{ else }}none{{ end }}`,
    () => `{{ with (${of}.Glob ${glob}).Get ${file} }}{{ . | quote }}{{ end }}`,
    () => `{{ ${of}.Get ${file} | splitList "\\n" | toJson }}`,
  ];
  if (maker.odd(0.2))
    makes.push(
      () => `{{ hasKey ${of} ${file} }}`,
      () => `{{ ${of}.Get | quote }}`,
      () => `{{ ${of}.Missing }}`,
      () => `{{ ${of}.Lines 1 }}`,
    );
  return maker.pick(makes)();
}

function ofSubcharts(maker) {
  const of = scope(maker);
  return maker.pick([
    () => shown(maker, `${member(of, "Values")}`),
    () => shown(maker, `${member(of, "Values")}.a`),
    () => `{{ (${member(of, "Chart")}).Name | toJson }}`,
    () => `{{ ${member(of, "Template")}.Name | toJson }}`,
    () => `{{ ${member(of, "Template")}.BasePath | quote }}`,
    () => `{{ ${member(of, "Release")}.Name }}`,
    () => `{{ keys ${of} | sortAlpha }}`,
    () => `{{ keys .Subcharts | sortAlpha }}`,
    () => `{{ omit . "Capabilities" | toJson }}`,
    () => `{{ omit . "Capabilities" "Subcharts" | toYaml | quote }}`,
    () =>
      `{{ range $n, $s := .Subcharts }}{{ $n }}={{ $s.Chart.Version }}/{{ $s.Values.a | toJson }}/{{ $s.Template | toJson }} {{ end }}`,
    () => `{{ with .Subcharts.one }}{{ .Chart.Name }}/{{ .Files.Get "f.txt" | quote }}{{ else }}none{{ end }}`,
    () => `{{ ${member(of, "Files")}.Get "f.txt" | quote }}`,
    () => `{{ hasKey .Subcharts "one" }}`,
    () => `{{ ${of} | typeOf }}`,
    () => `{{ ${member(of, "Capabilities")}.KubeVersion.Version }}`,
    () => `{{ (${member(of, "Subcharts")}) | len }}`,
  ])();
}

function ofPartials(maker) {
  const name = JSON.stringify(maker.pick(maker.odd(0.2) ? oddPartials : partials));
  const of = scope(maker);
  const makes = [
    () => `{{ include ${name} ${of} | quote }}`,
    () => `{{ include ${name} ${of} | toJson }}`,
    () => `{{ include ${name} . | quote }}`,
    () => `{{ include ${name} . | nindent 4 | quote }}`,
    () => `"{{ template ${name} . }}"`,
    () => `{{ include (print .Chart.Name ".name") . | quote }}`,
    () => `{{ tpl (printf "{{ include %q . }}" ${name}) ${of} | quote }}`,
    () =>
      `{{ tpl "{{ define \\"shared\\" }}inside{{ end }}{{ include \\"shared\\" . }}" . }}{{ include "shared" . | quote }}`,
    () => `{{ tpl (.Values.a | toString) . | quote }}`,
    () => `{{ with .Values.deep }}{{ include "name" $ | quote }}{{ end }}`,
  ];
  const block = fresh(maker, ["inner", "shared", "name", "own"]);
  if (block !== undefined) makes.push(() => `"{{ block ${block} . }}default {{ .Chart.Name }}{{ end }}"`);
  const defined = fresh(maker, partials);
  if (defined !== undefined)
    makes.push(
      () => `{{- define ${defined} }}redefined in {{ .Template.Name }}{{ end }}{{ include ${defined} . | quote }}`,
    );
  if (maker.odd(0.2))
    makes.push(
      () => `"{{ template ${name} }}"`,
      () =>
        `{{ include (print $.Template.BasePath "/${maker.pick(["a.yaml", "b.yaml", "_helpers.tpl", "NOTES.txt"])}") . | sha256sum }}`,
    );
  return maker.pick(makes)();
}

function ofRelease(maker) {
  if (maker.chance(0.5))
    return shown(
      maker,
      maker.pick([
        ".Release",
        ".Release.Name",
        ".Release.Namespace",
        ".Release.IsUpgrade",
        ".Release.IsInstall",
        ".Release.Revision",
        ".Release.Service",
        ".Release.Missing",
        ".Template",
        ".Template.Name",
        ".Template.BasePath",
        ".Template.Missing",
      ]),
    );
  return maker.pick([
    `{{ .Capabilities.APIVersions.Has ${JSON.stringify(maker.pick(["v1", "apps/v1", "x.io/v1", "y.io/v1/Kind", "apps/v1/Deployment", "a", "", " a"]))} }}`,
    "{{ .Capabilities.KubeVersion.Version }}",
    "{{ .Capabilities.KubeVersion.GitVersion }}",
    "{{ .Capabilities.KubeVersion.Major }}.{{ .Capabilities.KubeVersion.Minor }}",
    "{{ .Capabilities.KubeVersion }}",
    "{{ .Capabilities.KubeVersion | toJson }}",
    "{{ .Capabilities.KubeVersion.String }}",
    '{{ semverCompare ">=1.30-0" .Capabilities.KubeVersion.Version }}',
    '{{ semverCompare ">=1.30" .Capabilities.KubeVersion.GitVersion }}',
    "{{ .Capabilities.HelmVersion.Version }}",
    "{{ .Capabilities.HelmVersion | toJson }}",
    "{{ len .Capabilities.APIVersions }}",
    "{{ .Capabilities.APIVersions | last }}",
    ...(maker.odd(0.3) ? ["{{ .Capabilities.TillerVersion }}", "{{ .Capabilities.KubeVersion.Missing }}"] : []),
  ]);
}

/** What later templates of the same chart, or those that share a map with it, can see. */
function marking(maker) {
  return maker.pick([
    '{{- $_ := set .Values "seen" .Template.Name }}',
    '{{- $_ := set .Values "a" .Template.Name }}',
    '{{- $_ := unset .Values "a" }}',
    '{{- if kindIs "map" .Values.global }}{{ $_ := set .Values.global "seen" .Template.Name }}{{ end }}',
    '{{- if kindIs "map" (dig "global" "deep" "" (.Values | merge dict)) }}{{ $_ := set .Values.global.deep "seen" .Template.Name }}{{ end }}',
    '{{- if hasKey .Subcharts "one" }}{{ $_ := set .Subcharts.one.Values "seen" .Template.Name }}{{ end }}',
    '{{- if kindIs "map" .Values.one }}{{ $_ := set .Values.one "seen" .Template.Name }}{{ end }}',
    '{{- $_ := set .Chart "Description" .Template.Name }}',
    '{{- $_ := set . "extra" .Template.Name }}',
    '{{- $_ := set .Release "Name" "changed" }}',
    '{{- $_ := set $.Template "Name" "changed" }}',
    '{{- $_ := mergeOverwrite .Values (dict "deep" (dict "a" .Template.Name)) }}',
    '{{- $_ := set .Values "global" (dict "x" 1) }}',
  ]);
}

/** One line of a template: `k0: …`, or what sets something. */
export function actionText(maker) {
  if (maker.chance(0.1)) return marking(maker);
  const make = maker.pick([
    ofChart,
    ofFiles,
    ofFiles,
    ofSubcharts,
    ofPartials,
    ofPartials,
    ofRelease,
    (one) => shown(one, valuePath(one)),
    (one) => shown(one, ".Values"),
  ]);
  return `k${maker.number(9)}: ${make(maker)}`;
}
