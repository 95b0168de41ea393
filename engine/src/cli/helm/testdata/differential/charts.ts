// The charts of the scenarios: one with everything, whose parts are switched by values.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

const definition = (served: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: gears.${served}.example.com
spec:
  group: ${served}.example.com
  scope: Namespaced
  names: {kind: Gear, plural: gears, singular: gear, listKind: GearList}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              x-kubernetes-preserve-unknown-fields: true
`;

const hook = (name: string, events: string, more: string, body: string): string => `
{{- if .Values.hooks.${name} }}
---
${body}
metadata:
  name: {{ .Release.Name }}-${name.toLowerCase()}
  annotations:
    helm.sh/hook: ${events}
    test.keelson.dev/ends: {{ .Values.hooks.${name} | quote }}
    {{- with get (dict "badly" "fail" "never" "stall") .Values.hooks.${name} }}
    keelson.dev/simulate: {{ . }}
    {{- end }}
${more}${body.startsWith("apiVersion: batch") ? jobSpec : podSpec}
{{- end }}`;

const podSpec = `spec:
  restartPolicy: Never
  containers: [{name: main, image: "example.com/main:1"}]`;
const jobSpec = `spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{name: main, image: "example.com/main:1"}]`;
const job = "apiVersion: batch/v1\nkind: Job";
const pod = "apiVersion: v1\nkind: Pod";

/** Hook name → what it is; each is there when its value is set, and ends as the value says. */
const hooks = [
  hook("preJob", "pre-install,pre-upgrade,pre-rollback,pre-delete", '    helm.sh/hook-weight: "-5"\n', job),
  hook(
    "postPod",
    "post-install,post-upgrade,post-rollback,post-delete",
    "    helm.sh/hook-delete-policy: hook-succeeded\n",
    pod,
  ),
  hook(
    "cleanJob",
    "pre-install,pre-upgrade",
    '    helm.sh/hook-weight: "3"\n    helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded,hook-failed\n',
    job,
  ),
  hook("keptPod", "post-install", "    helm.sh/hook-delete-policy: hook-failed\n", pod),
  hook("testOne", "test", '    helm.sh/hook-weight: "1"\n', pod),
  hook("testTwo", "test-success", "    helm.sh/hook-delete-policy: hook-succeeded\n", pod),
];

const objects = `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-settings
  labels: {app: {{ .Chart.Name }}}
data:
  greeting: {{ .Values.greeting | quote }}
  revision: {{ .Release.Revision | quote }}
{{- range $key, $value := .Values.data }}
  {{ $key }}: {{ $value | quote }}
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports:
  {{- range .Values.ports }}
    - {name: p{{ . }}, port: {{ . }}}
  {{- end }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  {{- with .Values.strategy }}
  strategy: {type: {{ . }}}
  {{- end }}
  {{- with .Values.deadline }}
  progressDeadlineSeconds: {{ . }}
  {{- end }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      {{- with .Values.simulate }}
      annotations: {keelson.dev/simulate: {{ . }}}
      {{- end }}
    spec:
      containers:
        - name: main
          image: {{ .Values.image }}
          env:
          {{- range .Values.env }}
            - {name: {{ . }}, value: x}
          {{- end }}
        {{- if .Values.sidecar }}
        - name: sidecar
          image: example.com/sidecar:1
        {{- end }}
---
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ .Release.Name }}
{{- if .Values.extra }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ .Release.Name }}-extra
stringData: {word: {{ .Values.extra }}}
{{- end }}
{{- if .Values.kept }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-kept
  annotations: {helm.sh/resource-policy: keep}
data: {a: b}
{{- end }}
{{- if .Values.gear }}
---
apiVersion: {{ .Release.Namespace }}.example.com/v1
kind: Gear
metadata:
  name: {{ .Release.Name }}
spec:
  {{- toYaml .Values.gear | nindent 2 }}
{{- end }}
{{- if .Values.bad }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-bad
data: {{ .Values.bad }}
{{- end }}
{{- if .Values.list }}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Release.Name }}-one}
  - apiVersion: v1
    kind: ConfigMap
    metadata: {name: {{ .Release.Name }}-two}
{{- end }}
{{- if .Values.workloads }}
{{- range list "StatefulSet" "DaemonSet" }}
---
apiVersion: apps/v1
kind: {{ . }}
metadata:
  name: {{ $.Release.Name }}-{{ lower . }}
spec:
  {{- if eq . "StatefulSet" }}
  replicas: 2
  serviceName: {{ $.Release.Name }}
  {{- end }}
  selector: {matchLabels: {app: {{ $.Release.Name }}-{{ lower . }}}}
  template:
    metadata:
      labels: {app: {{ $.Release.Name }}-{{ lower . }}}
    spec:
      containers: [{name: main, image: {{ $.Values.image }}}]
{{- end }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ .Release.Name }}-disk
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
---
apiVersion: v1
kind: Pod
metadata:
  name: {{ .Release.Name }}-alone
spec:
  containers: [{name: main, image: "example.com/main:1"}]
{{- end }}
{{- if .Values.job }}
---
${job}
metadata:
  name: {{ .Release.Name }}-work
  annotations:
    test.keelson.dev/ends: {{ .Values.job }}
    {{- if eq .Values.job "badly" }}
    keelson.dev/simulate: fail
    {{- end }}
${jobSpec}
{{- end }}
`;

const values = `greeting: hello
replicas: 1
image: example.com/main:1
ports: [80]
env: [A]
data: {}
hooks: {}
number: 1000000
`;

/** Writes the chart into `folder/NAME-VERSION` and answers its path. `namespace`: makes its definitions its own. */
export function writeChart(folder: string, version: string, namespace?: string): string {
  const root = join(folder, `demo-${version}${namespace === undefined ? "" : `-${namespace}`}`);
  // Once: two may read it at one time.
  if (existsSync(root)) return root;
  const files: { [path: string]: string } = {
    "Chart.yaml": `apiVersion: v2\nname: demo\nversion: ${version}\nappVersion: "${version}-app"\ndescription: A chart <for> tests\n`,
    "values.yaml": version === "1.0.0" ? values : `${values}fresh: yes-${version}\n`,
    "templates/objects.yaml": objects,
    "templates/hooks.yaml": hooks.join("\n"),
    "templates/NOTES.txt": "Hello {{ .Values.greeting }} <é> at revision {{ .Release.Revision }}\n",
    "templates/_names.tpl": "{{/* nothing */}}",
    "values.schema.json": '{"type": "object", "properties": {"replicas": {"type": "integer"}}}',
    "README.md": "# demo\n",
    ...(namespace === undefined ? {} : { "crds/gear.yaml": definition(namespace) }),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}
