import { describe, expect, it } from "vitest";
import { parseYaml } from "#formats/yaml";
import { asManifest, type Manifest, memoryTree } from "#kernel";
import { build } from "#render/kustomize";
import { type FieldStep, locate } from "./index.ts";

const files: Record<string, string> = {
  "apps/kustomization.yaml": `resources:
  - ../base
  - extra.yaml
namePrefix: prod-
namespace: shop
images:
  - name: ghcr.io/acme/web
    newTag: 1.4.2
replicas:
  - name: web
    count: 3
labels:
  - pairs:
      team: shop
patches:
  - path: patch.yaml
  - target: {kind: Deployment, name: web}
    patch: |-
      - op: replace
        path: /spec/template/spec/containers/0/imagePullPolicy
        value: Always
  - patch: |
      apiVersion: v1
      kind: Service
      metadata:
        name: web
      spec:
        type: NodePort
configMapGenerator:
  - name: settings
    literals:
      - colour=blue
    files:
      - page.html=files/index.html
    envs:
      - settings.env
`,
  "apps/patch.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
        - name: web
          env:
            - name: MODE
              value: fast
`,
  "apps/extra.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: first
data: {}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: extra
data:
  a: "1"
`,
  "apps/files/index.html": "<p>\n",
  "apps/settings.env": "# of the shop\nSIZE=3\n",
  "base/kustomization.yaml": "resources: [web.yaml]\n",
  "base/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
        - name: web
          image: ghcr.io/acme/web
          imagePullPolicy: IfNotPresent
          ports:
            - containerPort: 80
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  type: ClusterIP
  selector: {app: web}
  ports: [{port: 80}]
`,
};

const built: readonly Manifest[] = build(memoryTree(files), "apps").rendering.manifests;
const web: FieldStep[] = ["spec", "template", "spec", "containers", { match: { name: "web" } }];

/** The text of the line that was found. */
function said(kind: string, name: RegExp, steps: readonly FieldStep[]): string {
  const manifest = built.find((each) => each.kind === kind && name.test(each.metadata.name));
  if (manifest === undefined) throw new Error(`${kind} ${String(name)} was not built`);
  const place = locate({ folder: "apps", files: new Map(Object.entries(files)), manifest }).field(steps);
  if (place === undefined) return "nowhere";
  const line = (files[place.path] ?? "").split("\n")[place.line - 1]?.trim() ?? "";
  return `${place.path}: ${line}${place.note === undefined ? "" : ` (${place.note})`}`;
}

describe("a field's line", () => {
  const cases: [string, string, RegExp, FieldStep[], string][] = [
    [
      "of the base",
      "Deployment",
      /web/,
      [...web, "ports", { match: { containerPort: 80, protocol: "TCP" } }, "containerPort"],
      "base/web.yaml: - containerPort: 80",
    ],
    [
      "of a patch file",
      "Deployment",
      /web/,
      [...web, "env", { match: { name: "MODE" } }, "value"],
      "apps/patch.yaml: value: fast",
    ],
    [
      "of a JSON patch inside the kustomization",
      "Deployment",
      /web/,
      [...web, "imagePullPolicy"],
      "apps/kustomization.yaml: - op: replace",
    ],
    [
      "of a patch inside the kustomization",
      "Service",
      /web/,
      ["spec", "type"],
      "apps/kustomization.yaml: type: NodePort",
    ],
    ["of an image's tag", "Deployment", /web/, [...web, "image"], "apps/kustomization.yaml: newTag: 1.4.2"],
    ["of a number of replicas", "Deployment", /web/, ["spec", "replicas"], "apps/kustomization.yaml: count: 3"],
    ["of a namespace", "Deployment", /web/, ["metadata", "namespace"], "apps/kustomization.yaml: namespace: shop"],
    ["of a label", "Deployment", /web/, ["metadata", "labels", "team"], "apps/kustomization.yaml: team: shop"],
    ["of a second document", "ConfigMap", /extra/, ["data", "a"], 'apps/extra.yaml: a: "1"'],
    ["of a generated literal", "ConfigMap", /settings/, ["data", "colour"], "apps/kustomization.yaml: - colour=blue"],
    ["of a generated file", "ConfigMap", /settings/, ["data", "page.html"], "apps/files/index.html: <p>"],
    ["of a line in an environment file", "ConfigMap", /settings/, ["data", "SIZE"], "apps/settings.env: SIZE=3"],
    ["that nothing states", "Deployment", /web/, ["spec", "paused"], "nowhere"],
  ];
  for (const [name, kind, object, steps, expected] of cases)
    it(`is found ${name}`, () => expect(said(kind, object, steps)).toBe(expected));
});

describe("an object's line", () => {
  const find = (name: RegExp, kind: string) => {
    const manifest = built.find((each) => each.kind === kind && name.test(each.metadata.name));
    const all = new Map(Object.entries(files));
    return manifest && locate({ folder: "apps", files: all, manifest });
  };

  it("is where its document begins, with what else has a part in it", () => {
    const found = find(/web/, "Deployment");
    expect(found?.place).toEqual({ path: "base/web.yaml", line: 1 });
    expect(found?.also.map(({ path, line }) => `${path}:${line}`)).toEqual([
      "apps/patch.yaml:1",
      "apps/kustomization.yaml:19",
    ]);
    expect(find(/extra/, "ConfigMap")?.place).toEqual({ path: "apps/extra.yaml", line: 7 });
    expect(find(/settings/, "ConfigMap")?.place).toEqual({ path: "apps/kustomization.yaml", line: 30 });
  });

  it("is found without a kustomization, with substituted names, and not made up", () => {
    const plain = new Map([
      ["a.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: 'x-${env}'}\ndata:\n  size: ${size}\n"],
    ]);
    const manifest = asManifest(
      parseYaml("{apiVersion: v1, kind: ConfigMap, metadata: {name: x-prod}, data: {size: '5'}}"),
    );
    const found = locate({ folder: "", files: plain, manifest });
    expect(found.place).toEqual({ path: "a.yaml", line: 1 });
    expect(found.field(["data", "size"])).toEqual({ path: "a.yaml", line: 5, note: "the value is substituted" });
    const other = { ...manifest, metadata: { name: "y" } };
    expect(locate({ folder: "", files: plain, manifest: other }).place).toBeUndefined();
    expect(locate({ folder: "", files: new Map([["a.yaml", "{{ broken"]]), manifest }).place).toBeUndefined();
  });
});
