// Bundles the compiled command line into `engine/dist/command`, one file a command with what commands share beside it:
// Node opens a few files instead of hundreds, and finds V8's compiled code of each beside it (engine/bin/code-cache.cjs).
// The rings' own files stay what the library's exports and threads load.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { rolldown } from "rolldown";
import { startControlPlane } from "./control-plane.mjs";

/** Third-party code that few charts need and that takes longer to load than most charts take to render. */
const deferredPackages = /^(bcryptjs|@noble\/(curves|ciphers)\/.*|@sigstore\/.*|re2js|fflate)$/;

/** What is started: the command, and the control plane by itself, for what measures it. */
const entries = ["main", "control-plane"];

/** Each import of the deferred packages, as the compiler writes them: default, namespace or named. */
const importLine = /^import (?:(\w+)|\* as (\w+)|\{ ([^}]+) \}) from "([^"]+)";$/gm;

/** The file that holds a deferred package. */
function deferredName(specifier) {
  return specifier.replace(/\.js$/, "").replace(/[^\w-]+/g, "-");
}

/** Stands for `require` until the files are written: the bundler would follow that one at once. */
const requireLater = "__requireLater";

/** Code that stands for what a package exports and loads it when it is first used. */
const deferral = `function deferred(load) {
  let loaded;
  const value = () => (loaded ??= load());
  return new Proxy(function () {}, {
    get: (_, key) => Reflect.get(value(), key),
    apply: (_, self, args) => Reflect.apply(value(), self, args),
    construct: (_, args) => Reflect.construct(value(), args),
  });
}
`;

/** Replaces imports of deferred packages; `found` gathers the packages, each with a file that imports it. */
function deferImports(code, importer, found) {
  let isChanged = false;
  const text = code.replace(importLine, (line, ...parts) => {
    const [whole, namespace, names, specifier] = parts;
    if (!deferredPackages.test(specifier)) return line;
    isChanged = true;
    found.set(specifier, importer);
    const load = `${requireLater}("./deferred/${deferredName(specifier)}.cjs")`;
    if (whole !== undefined) return `const ${whole} = deferred(() => ${load});`;
    if (namespace !== undefined) return `const ${namespace} = { default: deferred(() => ${load}) };`;
    const each = names.split(",").map((name) => name.trim().split(" as "));
    return each.map(([from, to = from]) => `const ${to} = deferred(() => ${load}.${from});`).join(" ");
  });
  return isChanged ? deferral + text : undefined;
}

/** Files keep finding what lies beside them: `import.meta.url` goes on naming the file that was bundled. */
function keepPlaces(code, file, folder) {
  const path = JSON.stringify(relative(folder, file).replaceAll("\\", "/"));
  return code.replaceAll("import.meta.url", `new URL(${path}, import.meta.url).href`);
}

/** Bundles what is started into `dist/command`. What was there is replaced at once, never half written. */
export async function bundleCommand(dist) {
  const folder = join(dist, "command");
  const fresh = join(dist, ".command");
  const deferredFrom = new Map();
  const transform = (code, id) => {
    if (!id.startsWith(dist)) return undefined;
    const placed = keepPlaces(code, id, folder);
    const text = deferImports(placed, id, deferredFrom) ?? placed;
    return text === code ? undefined : { code: text, map: null };
  };
  rmSync(fresh, { recursive: true, force: true });
  const plugins = [{ name: "keelson", transform }];
  // The database is a native module: it stays where it was installed.
  const ours = await rolldown({
    input: Object.fromEntries(entries.map((name) => [name, join(dist, `${name}.js`)])),
    platform: "node",
    external: ["lmdb"],
    plugins,
    // Our modules do nothing when they are loaded: who imports one thing through a folder's door loads no others.
    // What several commands share stays out of what one of them loads later.
    experimental: { chunkOptimization: false },
    treeshake: {
      moduleSideEffects: (id) => !id.startsWith(dist) || entries.some((name) => id === join(dist, `${name}.js`)),
    },
  });
  const chunkFileNames = ({ facadeModuleId: file, name }) =>
    `${file?.startsWith(dist) ? relative(dist, file).replace(/[\\/]/g, "-").replace(/\.js$/, "") : name}.cjs`;
  await ours.write({ dir: fresh, format: "cjs", entryFileNames: "[name].cjs", chunkFileNames });
  for (const name of readdirSync(fresh)) {
    const text = readFileSync(join(fresh, name), "utf8");
    writeFileSync(join(fresh, name), text.replaceAll(requireLater, "require"));
  }
  const input = Object.fromEntries([...deferredFrom.keys()].map((name) => [deferredName(name), name]));
  const resolveFromImporter = {
    name: "keelson",
    resolveId(specifier, importer) {
      const from = deferredFrom.get(specifier);
      return importer === undefined && from !== undefined ? this.resolve(specifier, from) : undefined;
    },
  };
  // Only named exports of those that have both are asked for.
  const onLog = (level, log, next) => log.code !== "MIXED_EXPORTS" && next(level, log);
  const theirs = await rolldown({ input, platform: "node", plugins: [resolveFromImporter], onLog });
  const names = { entryFileNames: "[name].cjs", chunkFileNames: "[name].cjs" };
  await theirs.write({ dir: join(fresh, "deferred"), format: "cjs", ...names });
  rmSync(folder, { recursive: true, force: true });
  renameSync(fresh, folder);
  await writeCodeCache(folder);
}

/** A chart and a kustomization that use much of what such things use: what they run is compiled code on each later start. */
const sample = {
  "chart/Chart.yaml":
    "apiVersion: v2\nname: sample\nversion: 0.1.0\ndependencies: [{name: part, version: 0.x.x, condition: part.enabled}]\n",
  "chart/values.yaml": "name: web\nimage: {repository: nginx, tag: '1'}\nports: [80, 443]\nlabels: {a: b}\n",
  "chart/values.schema.json": '{"type":"object","properties":{"name":{"type":"string"},"ports":{"type":"array"}}}',
  "chart/templates/_helpers.tpl":
    '{{- define "labels" -}}\n{{- range $k, $v := .Values.labels }}\n{{ $k }}: {{ $v | quote }}\n{{- end }}\n{{- end }}\n',
  "chart/templates/a.yaml":
    'apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {{ printf "%s-%s" .Release.Name .Values.name | trunc 63 | trimSuffix "-" }}\n  labels: {{- include "labels" . | nindent 4 }}\n  annotations:\n    sum: {{ toYaml .Values | sha256sum }}\nspec:\n  {{- if and .Values.ports (not (eq .Values.name "")) }}\n  replicas: {{ len .Values.ports | default 1 }}\n  {{- end }}\n  image: "{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"\n  {{- with .Values.labels }}\n  selector: {{- toYaml . | nindent 4 }}\n  {{- end }}\n  text: {{ tpl "{{ .Values.name }}" $ | b64enc }}\n  {{- if semverCompare ">=1.20-0" .Capabilities.KubeVersion.Version }}\n  ok: true\n  {{- end }}\n',
  // What the libraries under many public charts do.
  "chart/.helmignore": "*.md\n/ci/\n.git\n",
  "chart/crds/a.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: as.sample}\nspec: {}\n",
  "chart/files/a.conf": "a = 1\nb = 2\n",
  "chart/templates/_library.tpl":
    '{{/* names */}}\n{{- define "name" -}}\n{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}\n{{- end -}}\n' +
    '{{- define "fullname" -}}\n{{- $name := include "name" . -}}\n{{- if contains $name .Release.Name -}}{{ .Release.Name }}{{- else -}}{{ printf "%s-%s" .Release.Name $name | lower | replace "+" "_" }}{{- end -}}\n{{- end -}}\n' +
    '{{- define "merged" -}}\n{{- $all := dict -}}\n{{- range .maps -}}\n{{- $all = merge $all (ternary (tpl (. | toYaml) $.context | fromYaml) . (kindIs "map" .)) -}}\n{{- end -}}\n{{ $all | toYaml }}\n{{- end -}}\n' +
    '{{- define "secret" -}}\n{{- $old := lookup "v1" "Secret" .Release.Namespace (include "fullname" .) -}}\n{{- if and $old (hasKey ($old.data | default dict) "password") -}}{{ index $old.data "password" | b64dec }}{{- else -}}{{ randAlphaNum 16 }}{{- end -}}\n{{- end -}}\n',
  "chart/templates/b.yaml":
    '{{- $root := . -}}\n{{- $fullname := include "fullname" . -}}\n{{- range $i, $port := .Values.ports }}\n{{- if gt (int $port) 100 }}\n---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {{ $fullname }}-{{ $i }}\n  annotations: {{- include "merged" (dict "maps" (list $root.Values.labels (dict "c" "{{ .Release.Name }}")) "context" $root) | nindent 4 }}\nspec:\n  ports:\n    - port: {{ $port | int64 }}\n      name: {{ printf "p%d" (int $port) | quote }}\n{{- else }}\n{{- continue }}\n{{- end }}\n{{- end }}\n',
  "chart/templates/c.yaml":
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ include "fullname" . }}\n  annotations: {"helm.sh/hook": "pre-install,pre-upgrade", "helm.sh/hook-weight": "-5"}\ndata:\n  password: {{ include "secret" . | b64enc | quote }}\n  conf: {{ .Files.Get "files/a.conf" | b64enc }}\n{{ (.Files.Glob "files/*").AsSecrets | indent 2 }}\n  json: {{ dict "a" (list 1 2.5 nil true) "b" (.Values.image | deepCopy) | toJson | b64enc }}\n  text: {{ join "," (uniq (list "a" "b" (trimAll "/" "/c/") (regexReplaceAll "\\\\W+" "d-e" "_"))) | upper | squote }}\n  {{- with (splitList "." "a.b.c") }}\n  first: {{ first . | title }}-{{ last . }}-{{ len . }}\n  {{- end }}\n  {{- if or (.Capabilities.APIVersions.Has "policy/v1") (eq (toString .Values.image.tag) "x") }}\n  rest: {{ required "a name" .Values.name }}{{ add 1 2 | mul 3 }}{{ coalesce nil "" "z" }}\n  {{- end }}\n',
  "chart/templates/d.yaml":
    '{{- $ca := genCA "sample" 365 -}}\n{{- $cert := genSignedCert "web" nil (list "web.shop.svc") 365 $ca -}}\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: d}\ndata:\n  ca: |-\n    {{- $ca.Cert | nindent 4 }}\n  key: {{ $cert.Key | sha256sum | trunc 8 }}\n  yaml: |\n    {{- .Values | toYaml | nindent 4 }}\n',
  "chart/templates/NOTES.txt": "{{ .Release.Name }} is there.\n",
  "chart/charts/part/Chart.yaml": "apiVersion: v2\nname: part\nversion: 0.1.0\n",
  "chart/charts/part/values.yaml":
    "enabled: true\ntext: |\n  one\n  two\nfolded: >-\n  a b\n  c\nfloat: 1.5\nempty: {}\n",
  "chart/charts/part/templates/a.yaml":
    "{{- if .Values.enabled }}\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-part\ndata: {{- .Values | toYaml | nindent 2 }}\n{{- end }}\n",
  "release/Chart.yaml": "apiVersion: v2\nname: release\nversion: 0.1.0\n",
  "release/templates/a.yaml":
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ .Values.a | default .Release.Name }}}\n",
  "app/kustomization.yaml":
    "resources: [a.yaml]\nnamePrefix: p-\nnamespace: shop\nlabels: [{pairs: {a: b}, includeSelectors: true}]\nconfigMapGenerator: [{name: c, literals: [a=b]}]\nimages: [{name: nginx, newTag: '2'}]\npatches:\n- patch: |\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: web}\n    spec: {replicas: 2}\n- target: {kind: Deployment}\n  patch: '- {op: add, path: /metadata/annotations, value: {a: b}}'\n",
  "app/a.yaml":
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      containers:\n      - {name: web, image: nginx, envFrom: [{configMapRef: {name: c}}]}\n",
};

/** Runs commands once so that V8 knows what they need, and keeps the compiled code of every file beside it. */
async function writeCodeCache(folder) {
  const place = mkdtempSync(join(tmpdir(), "keelson-code-"));
  const loader = join(folder, "..", "..", "bin", "code-cache.cjs");
  const evaluate = (code, words = []) => {
    const text = `const loader = require(${JSON.stringify(loader)}); ${code}`;
    const done = spawnSync(process.execPath, ["-e", text, "--", "keelson", ...words], { cwd: place, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`${words.join(" ")}: ${done.stderr}`);
  };
  const run = (words) => evaluate(`loader.start(${JSON.stringify(folder)}, { keeps: true })`, words);
  try {
    for (const [path, text] of Object.entries(sample)) {
      mkdirSync(dirname(join(place, path)), { recursive: true });
      writeFileSync(join(place, path), text);
    }
    for (const words of [
      ["version"],
      ["build", "app"],
      ["template", "web", "chart", "--set", "part.float=2,labels.d=e"],
    ])
      run(words);
    await runAgainstServer(place, run);
    evaluate(`loader.beShort(); loader.keepRest(${JSON.stringify(folder)})`);
    evaluate(`loader.keepRest(${JSON.stringify(folder)})`);
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

/** Commands that talk to a server. Where none can be started, what they need is compiled when it is used. */
async function runAgainstServer(place, run) {
  const server = await startControlPlane(join(place, "data"), { keeps: true }).catch(() => undefined);
  if (server === undefined) return;
  try {
    const kubeconfig = {
      "current-context": "a",
      contexts: [{ name: "a", context: { cluster: "a", user: "a" } }],
      clusters: [{ name: "a", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "a", user: { token: server.token } }],
    };
    writeFileSync(join(place, "kubeconfig"), JSON.stringify(kubeconfig));
    const target = ["-n", "default", "--kubeconfig", "kubeconfig"];
    for (const words of [
      ["upgrade", "--install", "a", "release"],
      ["upgrade", "a", "release"],
      ["rollback", "a"],
      ["list"],
    ])
      run(["helm", ...words, ...target]);
  } finally {
    await server.stop();
  }
}
