import { describe, expect, it } from "vitest";
import { Fault, memoryTree } from "#kernel";
import { formatTemplateOutput, renderChart } from "./index.ts";

const show = "kind: X\nvalues: {{ toJson .Values }}\n";

function render(files: Record<string, string>, given = ""): string {
  const tree = memoryTree({
    "templates/show.yaml": show,
    "charts/one/Chart.yaml": "apiVersion: v2\nname: one\nversion: 1.0.0\n",
    "charts/one/values.yaml": "a: {b: null, c: 1}\n",
    "charts/one/templates/_none.tpl": "",
    ...files,
  });
  const rendering = renderChart(tree, { releaseName: "r", given: { files: [{ name: "v.yaml", text: given }] } });
  return Buffer.from(formatTemplateOutput(rendering)).toString("utf8");
}

const chart = (dependencies: string): string => `apiVersion: v2\nname: top\nversion: 1.0.0\n${dependencies}`;

describe("dependencies", () => {
  // Recorded from Helm 4.3.1: with an empty list nothing is imported, so a null of the chart's own values deletes.
  it("takes an empty list as none", () => {
    const values = "a: {deep: null, x: 1}\n";
    const none = render({ "Chart.yaml": chart(""), "values.yaml": values });
    expect(render({ "Chart.yaml": chart("dependencies: []\n"), "values.yaml": values })).toBe(none);
    const disabled = chart("dependencies: [{name: one, version: '*', condition: one.on}]\n");
    expect(render({ "Chart.yaml": disabled, "values.yaml": values }, "one: {on: false}")).toContain('"a":{"x":1}');
  });

  // Recorded from Helm 4.3.1.
  it("imports into an empty table without leaving the nulls of an earlier import in it", () => {
    const files = {
      "Chart.yaml": chart("dependencies: [{name: one, version: '*', import-values: [global, more]}]\n"),
      "values.yaml": "one: {exports: {more: {}, global: {deep: null}}}\n",
    };
    expect(render(files, "one: {x: 1}")).toContain('"exports":{"global":{"deep":null},"more":{}}');
  });

  it("refuses values of the wrong type in Helm's words", () => {
    const broken = (): string =>
      render({ "Chart.yaml": chart("dependencies: [{name: one, version: '*'}]\n") }, "one: [a, 1]");
    expect(broken).toThrow(Fault);
    expect(broken).toThrow(
      "chart dependencies processing failed: type mismatch on one: [%!t(string=a) %!t(float64=1)]",
    );
  });
});
