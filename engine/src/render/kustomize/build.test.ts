import { expect, test } from "vitest";
import { type Fault, memoryTree } from "#kernel";
import { build } from "./index.ts";

const web = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.0
        envFrom:
        - configMapRef: {name: settings}
`;

function faultOf(files: Record<string, string>, path = "."): Fault {
  try {
    build(memoryTree(files), path);
  } catch (thrown) {
    return thrown as Fault;
  }
  throw new Error("the build did not fail");
}

test("an overlay over a base: prefix, image, hash and the reference to it", () => {
  const { text, rendering } = build(
    memoryTree({
      "base/kustomization.yaml": "resources: [web.yaml]\nconfigMapGenerator:\n- {name: settings, literals: [a=1]}\n",
      "base/web.yaml": web,
      "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\nimages:\n- {name: nginx, newTag: '2.0'}\n",
      "other.yaml": "not read",
    }),
    "prod",
  );
  expect(text).toContain("name: prod-settings-");
  expect(text).toContain("image: nginx:2.0");
  expect(rendering.manifests.map((one) => one.kind)).toEqual(["ConfigMap", "Deployment"]);
  expect(rendering.reads.map((read) => read.path)).not.toContain("other.yaml");
  expect(rendering.reads).toContainEqual({ path: "prod/Kustomization", what: "file", hash: null });
});

test.each([
  [
    "a cycle",
    { "a/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../a]" },
    "a",
    /cycle/,
  ],
  ["no kustomization", { "a/x.yaml": web }, "a", /unable to find/],
  ["a file outside", { "a/kustomization.yaml": "resources: [../x.yaml]", "x.yaml": web }, "a", /not in or below/],
  ["an unknown field", { "kustomization.yaml": "resource: [x.yaml]" }, ".", /unknown field "resource"/],
  ["a remote base", { "kustomization.yaml": "resources: [https://example.com/a/b]" }, ".", /not allowed/],
  ["a chart", { "kustomization.yaml": "helmCharts:\n- name: x" }, ".", /enable-helm/],
  [
    "an object twice",
    { "kustomization.yaml": "resources: [a.yaml, b.yaml]", "a.yaml": web, "b.yaml": web },
    ".",
    /already registered/,
  ],
  [
    "an object that is there twice once replacements are done",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\nsortOptions: {order: fifo}\nreplacements:\n- sourceValue: a\n  targets: [{select: {kind: ConfigMap}}]",
      "x.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}",
    },
    ".",
    /already registered/,
  ],
  [
    "an object that is there twice once a component is done",
    {
      "kustomization.yaml": "resources: [x.yaml]\ncomponents: [c]\nsortOptions: {order: fifo}\n",
      "c/kustomization.yaml":
        "kind: Component\nreplacements:\n- sourceValue: a\n  targets: [{select: {kind: ConfigMap}, fieldPaths: [metadata.name]}]",
      "x.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}",
    },
    ".",
    /already registered/,
  ],
  [
    "an apiVersion that a replacement left without its group",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\nreplacements:\n- sourceValue: /old\n  targets: [{select: {kind: Pod}, fieldPaths: [apiVersion]}]",
      "x.yaml": "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n",
    },
    ".",
    /'\/old' is no group and version/,
  ],
  [
    "two objects that replacements gave one name, where a validator looks",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\nreplacements:\n- sourceValue: a\n  targets: [{select: {name: b}}]\nvalidators:\n- |\n  apiVersion: builtin\n  kind: LabelTransformer\n  metadata: {name: v}\n  labels: {a: b}\n  fieldSpecs: []",
      "x.yaml":
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\n",
    },
    ".",
    /which validators cannot tell apart/,
  ],
  [
    "a kind that a JSON patch makes nothing",
    {
      "kustomization.yaml":
        'resources: [x.yaml]\npatches:\n- target: {kind: ConfigMap}\n  patch: \'[{"op": "replace", "path": "/kind", "value": null}]\'',
      "x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
    },
    ".",
    /missing kind in object/,
  ],
  [
    "a value of a replacement that is no text, in a plugin",
    {
      "kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]",
      "x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
      "t.yaml":
        "apiVersion: builtin\nkind: ReplacementTransformer\nmetadata: {name: t}\nreplacements: [{sourceValue: 5, targets: [{select: {kind: ConfigMap}}]}]\n",
    },
    ".",
    /expected text but found 5/,
  ],
  [
    "a comment that a patch brings behind what was empty, in front of a list that is",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\npatches:\n- patch: |\n    apiVersion: v1\n    kind: Service\n    metadata: {name: a}\n    spec:\n      selector: {} # none\n      ports: []",
      "x.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec:\n  selector:\n    app: a\n  ports:\n",
    },
    ".",
    /what is left of ports behind a comment/,
  ],
  [
    "part of an alias inside text",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\nreplacements:\n- sourceValue: new\n  targets:\n  - select: {kind: ConfigMap}\n    fieldPaths: [data.c.b]\n    options: {delimiter: '-'}",
      "x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  c: |\n    a: &x one-two\n    b: *x\n",
    },
    ".",
    /delimiter option can only be used with scalar nodes/,
  ],
  [
    "YAML 1.2 in the kustomization itself",
    { "kustomization.yaml": "%YAML 1.2\n---\nresources: []\n" },
    ".",
    /incompatible YAML document/,
  ],
  ["nothing but an empty list of bases", { "kustomization.yaml": "bases: []\n" }, ".", /kustomization.yaml is empty/],
  [
    "a name of an IAM policy that is no text",
    {
      "kustomization.yaml": "generators: [x.yaml]",
      "x.yaml":
        "apiVersion: builtin\nkind: IAMPolicyGenerator\nmetadata: {name: a}\ncloud: gke\nkubernetesService: {name: 5}\n",
    },
    ".",
    /expected text/,
  ],
  [
    "a key that is too long to be read again",
    {
      "kustomization.yaml": "resources: [x.yaml]",
      "x.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n  ? ${"k".repeat(1_023)}\n  : v\n`,
    },
    ".",
    /a key is longer than 1024 characters/,
  ],
  [
    "a comment behind a key of which a patch leaves nothing",
    {
      "kustomization.yaml":
        "resources: [x.yaml]\npatches:\n- patch: '{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {b: null}}'",
      "x.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: # why\n  b: c\n",
    },
    ".",
    /what is left of data behind a comment/,
  ],
  [
    "a comment of a merged key, which stands behind the map's own, in front of what a patch leaves empty",
    {
      "kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml, target: {kind: Deployment}}]",
      "p.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec:\n  strategy:\n    rollingUpdate: null\n",
      "x.yaml":
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    metadata: &x #\n      labels: {app: db}\n    spec:\n      <<: *x\n      priorityClassName: a\n",
    },
    ".",
    /unable to write this object/,
  ],
  [
    "conflicting field specifications, the wider one second by kind",
    {
      "kustomization.yaml": "resources: [a]\n",
      "a/kustomization.yaml": "configurations: [c.yaml]\n",
      "a/c.yaml": "templateLabels:\n- {path: spec/x}\n- {path: spec/x, create: true, kind: Widget}\n",
    },
    ".",
    /conflicting field specifications/,
  ],
  [
    "a program",
    { "kustomization.yaml": "generators:\n- |\n  apiVersion: v1\n  kind: Run\n  metadata: {name: x}" },
    ".",
    /own plugins/,
  ],
] as const)("%s is refused with a clear word", (_name, files, path, words) => {
  let text = "";
  for (let error: unknown = faultOf({ ...files }, path); error instanceof Error; error = error.cause)
    text += `${error.message}\n`;
  expect(text).toMatch(words);
});
