// helmCharts beside the real kustomize and the real helm: the same output, and failure where they fail.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ManualClock } from "#kernel";
import { loadChartFiles, packChart } from "#render/helm";
import { command } from "./commands/build.ts";
import { memoryIo } from "./io.ts";
import type { Ports } from "./ports.ts";

const oracles = process.env["KEELSON_ORACLES"] ?? "";
const folder = mkdtempSync(join(tmpdir(), "keelson-charts-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Files = Record<string, string>;

const chart: Files = {
  "charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
  "charts/c/values.yaml":
    'a: one\nb: {x: 1, y: 2, l: [1, 2]}\nn: 5\nf: 1.50\nbig: 12345678901234567890\nw: yes\nd: 2020-01-01\n# comment\ns: "q"\n',
  "charts/c/crds/crd.yaml":
    "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata:\n  name: ws.example.com\nspec: {}\n",
  "charts/c/templates/a.yaml": `apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-cm
  namespace: {{ .Release.Namespace }}
data:
  v: {{ toJson .Values | quote }}
  k: {{ .Capabilities.KubeVersion | quote }}
  api: {{ .Capabilities.APIVersions.Has "foo/v1" | quote }}
  l: |
    {{- toYaml .Values | nindent 4 }}
`,
  "charts/c/templates/hook.yaml":
    "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: hook\n  annotations:\n    helm.sh/hook: pre-install\nspec: {}\n",
  "charts/c/templates/tests/t.yaml":
    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: test\n  annotations:\n    helm.sh/hook: test\nspec: {}\n",
  "charts/c/templates/NOTES.txt": "hello",
  "v.yaml": "a: vfile\nb: {x: 9, z: null}\nq: {r: null}\n",
  "add.yaml": "a: add\nb: {y: null}\n",
};

/** The chart's files under another folder. */
function movedTo(home: string): Files {
  return Object.fromEntries(Object.entries(chart).map(([path, text]) => [path.replace("charts/", `${home}/`), text]));
}

function without(path: string): Files {
  return Object.fromEntries(Object.entries(chart).filter(([each]) => each !== path));
}

const one = (fields: string): string => `helmCharts:\n- {name: c, releaseName: r${fields}}\n`;

const cases: [name: string, kustomization: string, more?: { files?: Files; flags?: string[] }][] = [
  ["a chart as it is", one("")],
  ["in the kustomization's namespace, which its own marks win over", `namespace: ns\n${one("")}`],
  ["in a namespace of its own", `namespace: ns\n${one(", namespace: own")}`],
  ["with definitions, prefix and labels", `namePrefix: p-\ncommonLabels: {x: y}\n${one(", includeCRDs: true")}`],
  [
    "inline values over the file",
    one(", valuesInline: {a: in, b: {x: null, y: [1], q: {w: null, e: {}}}, n: 1e3, w: on}"),
  ],
  [
    "inline values below the file",
    one(", valuesMerge: merge, valuesInline: {a: in, b: {x: null, q: 3}, n: null, zz: 1}"),
  ],
  ["inline values alone", one(", valuesMerge: replace, valuesInline: {a: in, b: {x: null}}")],
  [
    "inline numbers and texts",
    one(', valuesInline: {big: 12345678901234567890, f: 1.0, e: 1e21, t: "yes", m: "a\\nb\\n", u: ünï}'),
  ],
  ["a values file", one(", valuesFile: v.yaml")],
  ["more values files", one(", valuesFile: v.yaml, additionalValuesFiles: [add.yaml], valuesInline: {b: {y: 7}}")],
  ["a values file outside", one(", valuesFile: ../x.yaml")],
  ["without tests", one(", skipTests: true")],
  ["without hooks", one(", skipHooks: true")],
  ["versions by the kustomization", one(", apiVersions: [foo/v1], kubeVersion: 1.29.0")],
  ["versions by flags", one(""), { flags: ["foo/v1", "1.28"] }],
  ["versions by both", one(", apiVersions: [bar/v1], kubeVersion: 1.29.0"), { flags: ["foo/v1", "1.28"] }],
  ["a name by template", "helmCharts:\n- {name: c, nameTemplate: 'x-{{ \"Y\" | lower }}'}\n"],
  ["two names", one(", nameTemplate: x")],
  ["no name", "helmCharts:\n- {name: c}\n"],
  ["a name that is a flag", "helmCharts:\n- {name: c, releaseName: -r}\n"],
  ["no such chart", "helmCharts:\n- {name: d, releaseName: r}\n"],
  ["no such merge", one(", valuesMerge: x")],
  ["another home", `helmGlobals: {chartHome: other}\n${one("")}`, { files: movedTo("other") }],
  [
    "a folder of the version",
    one(", version: 0.1.0, repo: https://example.invalid"),
    { files: movedTo("charts/c-0.1.0") },
  ],
  ["another version without a repository", one(", version: 0.2.0")],
  [
    "the old field",
    "helmChartInflationGenerator:\n- {chartName: c, releaseName: r, values: v.yaml, valuesLocal: {a: k}}\n",
  ],
  [
    "as a plugin",
    "generators: [g.yaml]\n",
    {
      files: {
        ...chart,
        "g.yaml":
          "apiVersion: builtin\nkind: HelmChartInflationGenerator\nmetadata: {name: g}\nname: c\nreleaseName: r\nvaluesInline: {a: 3}\n",
      },
    },
  ],
  ["a template that fails", one(""), { files: { ...chart, "charts/c/templates/a.yaml": '{{ fail "no" }}' } }],
  ["values that are no map", one(""), { files: { ...chart, "charts/c/values.yaml": "[]" } }],
  ["an empty values file", one(""), { files: { ...chart, "charts/c/values.yaml": "" } }],
  [
    "an empty values file below inline values",
    one(", valuesInline: {a: 1}"),
    { files: { ...chart, "charts/c/values.yaml": "" } },
  ],
  ["no values file", one(""), { files: without("charts/c/values.yaml") }],
  ["origins", `commonAnnotations: {a: b}\nbuildMetadata: [originAnnotations, transformerAnnotations]\n${one("")}`],
  [
    "below an overlay",
    "namespace: top\nresources: [sub]\n",
    { files: { ...movedTo("sub/charts"), "sub/kustomization.yaml": one("") } },
  ],
];

function place(name: string, files: Files): string {
  const root = join(folder, name.replaceAll(/\W+/g, "-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const noFlags = { "load-restrictor": "LoadRestrictionsRootOnly", reorder: "legacy", "enable-helm": true };

/** What our command prints; undefined where it fails. */
async function ours(root: string, [api, kube]: readonly string[] = []): Promise<string | undefined> {
  const io = memoryIo({ clock: new ManualClock(), folder: root });
  const flags = { ...noFlags, "helm-api-versions": api === undefined ? [] : [api], "helm-kube-version": kube };
  const run = command.run({ args: ["."], flags, io, ports: {} as Ports });
  return Promise.resolve(run).then(
    () => io.text().stdout,
    () => undefined,
  );
}

function real(root: string, [api, kube]: readonly string[] = []): string | undefined {
  const flags = api === undefined ? [] : ["--helm-api-versions", api, "--helm-kube-version", kube as string];
  const helm = ["--enable-helm", "--helm-command", join(oracles, "helm")];
  const run = spawnSync(join(oracles, "kustomize"), ["build", ...helm, ...flags, root]);
  return run.status === 0 ? run.stdout.toString() : undefined;
}

describe.skipIf(oracles === "")("helmCharts give what kustomize and helm give", () => {
  test.each(cases)("%s", async (name, kustomization, { files = chart, flags } = {}) => {
    const root = place(name, { ...files, "kustomization.yaml": kustomization });
    expect(await ours(root, flags)).toBe(real(root, flags));
  });
});

test("a chart that lies elsewhere is fetched from its repository, and nothing is left in the folder", async () => {
  const files = Object.entries(chart).flatMap(([path, text]) =>
    path.startsWith("charts/c/")
      ? [{ name: path.slice("charts/c/".length), data: new TextEncoder().encode(text) }]
      : [],
  );
  const packed = packChart(loadChartFiles(files)).bytes;
  const index = "apiVersion: v1\nentries:\n  c:\n  - {apiVersion: v2, name: c, version: 0.1.0, urls: [c-0.1.0.tgz]}\n";
  const server = createServer((request, response) =>
    response.end(request.url === "/index.yaml" ? index : request.url === "/c-0.1.0.tgz" ? packed : ""),
  );
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const fields = `, version: 0.1.0, repo: 'http://127.0.0.1:${port}', valuesInline: {a: two}`;
  const here = place("kept", { ...chart, "kustomization.yaml": one(", valuesInline: {a: two}") });
  const there = place("fetched", { "kustomization.yaml": one(fields) });
  try {
    const got = await ours(there);
    expect(got).toContain("name: r-cm");
    expect(got).toBe(await ours(here));
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});
