import { describe, expect, it } from "vitest";
import { memoryTree } from "#kernel";
import { build } from "#render/kustomize";
import { helmPort } from "./index.ts";

const chart = {
  "app/charts/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
  "app/charts/web/values.yaml": "a: 1\nb: 2\n",
  "app/charts/web/templates/c.yaml":
    'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  values: {{ printf "%v %v" .Values.a .Values.b | quote }}\n',
};

describe("helmCharts of a kustomization", () => {
  it("are rendered with inline values over the chart's own", () => {
    const kustomization = "namePrefix: p-\nhelmCharts:\n- name: web\n  releaseName: r\n  valuesInline:\n    a: 5\n";
    const tree = memoryTree({ ...chart, "app/kustomization.yaml": kustomization });
    const { text } = build(tree, "app", { isHelmEnabled: true, helm: helmPort() });
    expect(text).toBe("apiVersion: v1\ndata:\n  values: 5 2\nkind: ConfigMap\nmetadata:\n  name: p-r\n");
  });

  it("say which chart is missing", () => {
    const tree = memoryTree({ "app/kustomization.yaml": "helmCharts:\n- name: web\n" });
    expect(() => build(tree, "app", { isHelmEnabled: true, helm: helmPort() })).toThrow();
  });
});
