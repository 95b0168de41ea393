import { describe, expect, it } from "vitest";
import { parseYaml } from "#formats/yaml";
import { asManifest, type Json, type Manifest, memoryTree } from "#kernel";
import { build } from "#render/kustomize";
import { fieldSteps, type FieldStep, Locator } from "./index.ts";

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

const inApps = new Locator({ folder: "apps", files: new Map(Object.entries(files)) });

/** The text of the line that was found. */
function said(kind: string, name: RegExp, steps: readonly FieldStep[]): string {
  const manifest = built.find((each) => each.kind === kind && name.test(each.metadata.name));
  if (manifest === undefined) throw new Error(`${kind} ${String(name)} was not built`);
  const place = inApps.find(manifest).field(steps);
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
    return manifest && inApps.find(manifest);
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
    const found = new Locator({ folder: "", files: plain }).find(manifest);
    expect(found.place).toEqual({ path: "a.yaml", line: 1 });
    expect(found.field(["data", "size"])).toEqual({ path: "a.yaml", line: 5, note: "the value is substituted" });
    const other = { ...manifest, metadata: { name: "y" } };
    expect(new Locator({ folder: "", files: plain }).find(other).place).toBeUndefined();
    const broken = new Locator({ folder: "", files: new Map([["a.yaml", "{{ broken"]]) });
    expect(broken.find(manifest).place).toBeUndefined();
  });
});

describe("a value", () => {
  /** The line as it is after the change, or why there is none. */
  function changed(kind: string, path: string, to: Json): string {
    const manifest = built.find((each) => each.kind === kind && /web|extra/.test(each.metadata.name));
    if (manifest === undefined) throw new Error(`${kind} was not built`);
    const edited = inApps.edit(manifest, fieldSteps(path) ?? [], to);
    if ("why" in edited) return edited.why;
    const lines = edited.text.split("\n");
    expect(lines.filter((line, at) => line !== files[edited.path]?.split("\n")[at])).toHaveLength(1);
    return `${edited.path}: ${lines[edited.line - 1]?.trim() ?? ""}`;
  }

  const cases: [string, string, Json, string][] = [
    ["Deployment", ".spec.replicas", 5, "apps/kustomization.yaml: count: 5"],
    [
      "Deployment",
      ".spec.template.spec.containers[name=web].image",
      "ghcr.io/acme/web:1.5.0",
      "apps/kustomization.yaml: newTag: 1.5.0",
    ],
    ["Deployment", ".spec.template.spec.containers[name=web].env[name=MODE].value", "1", 'apps/patch.yaml: value: "1"'],
    [
      "Deployment",
      ".spec.template.spec.containers[name=web].imagePullPolicy",
      "Never",
      "apps/kustomization.yaml: value: Never",
    ],
    ["Service", ".spec.type", "LoadBalancer", "apps/kustomization.yaml: type: LoadBalancer"],
    ["Deployment", '.metadata.labels["team"]', "ops", "apps/kustomization.yaml: team: ops"],
    ["ConfigMap", ".data.a", "it's: 2", 'apps/extra.yaml: a: "it\'s: 2"'],
    ["Deployment", ".spec.paused", true, "no file states it in a way that could be changed by itself"],
    [
      "Service",
      ".spec.ports[port=80].port",
      81,
      "base/web.yaml, line 25, states it in a form that is not changed by itself",
    ],
    ["Deployment", ".spec.replicas", null, "what runs has no single value for what apps/kustomization.yaml states"],
  ];
  for (const [kind, path, to, expected] of cases)
    it(`of ${kind} ${path} becomes ${JSON.stringify(to)}`, () => expect(changed(kind, path, to)).toBe(expected));

  it("keeps its quotes and its comment", () => {
    const texts = new Map([
      ["a.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: x}\ndata:\n  - 'it''s' # why\n"],
      ["b.yaml", "kind: ConfigMap\napiVersion: v1\nmetadata: {name: yy}\ndata:\n  b: 'it''s' # why\n"],
    ]);
    const manifest = asManifest(
      parseYaml('{apiVersion: v1, kind: ConfigMap, metadata: {name: yy}, data: {b: "it\'s"}}'),
    );
    const edited = new Locator({ folder: "", files: texts }).edit(manifest, ["data", "b"], "that's");
    expect("text" in edited && edited.text.split("\n")[4]).toBe("  b: 'that''s' # why");
  });
});

describe("a field's path", () => {
  const cases: [string, FieldStep[] | undefined][] = [
    [".spec.replicas", ["spec", "replicas"]],
    ["spec.ports[0]", ["spec", "ports", { index: 0 }]],
    ['.metadata.labels["a.b/c"]', ["metadata", "labels", "a.b/c"]],
    ['.x[port=80,protocol="TCP"].y', ["x", { match: { port: 80, protocol: "TCP" } }, "y"]],
    [".a b", undefined],
    ["", []],
  ];
  for (const [path, steps] of cases) it(`${path} is followed`, () => expect(fieldSteps(path)).toEqual(steps));
});
