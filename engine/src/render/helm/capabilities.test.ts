// What the version of a cluster means to a chart, recorded from Helm 4.3.1.

import { expect, it } from "vitest";
import { decodeUtf8, formatFault } from "#kernel";
import { formatTemplateOutput, memoryTree, renderChart, seededEnvironment } from "./index.ts";

const template =
  "a: {{ .Capabilities.KubeVersion }} {{ with .Capabilities.KubeVersion }}{{ .Version }} {{ .Major }} {{ .Minor }}{{ end }}";

it.each([
  ["1.2", "v1.2 v1.2 1 2"],
  ["v1.33.4-gke.1245000", "v1.33.4 v1.33.4-gke.1245000 1 33"],
  ["1.021.03", "v1.21.3 v1.021.03 1 21"],
  ["1.2.3.4", "v1.2.3.4 v1.2.3.4 1 2"],
  ["1.20+k3s", "v1.20 v1.20+k3s 1 20"],
  ["0.5", "v0.5 v0.5 0 5"],
  ["1", "invalid kube version '1': illegal version string \"1\""],
  ["1.x", "invalid kube version '1.x': illegal version string \"1.x\""],
  ["x", "invalid kube version 'x': could not parse \"x\" as version"],
  ["01.2", 'invalid kube version \'01.2\': illegal zero-prefixed version component "01" in "01.2"'],
  ["1..2", "invalid kube version '1..2': illegal version string \"1..2\""],
  ["v00.1", 'invalid kube version \'v00.1\': illegal zero-prefixed version component "00" in "v00.1"'],
  [
    "1.99999999999999999999",
    'invalid kube version \'1.99999999999999999999\': illegal non-numeric version component "99999999999999999999" in "1.99999999999999999999": strconv.ParseUint: parsing "99999999999999999999": value out of range',
  ],
])("the kube version %s", (kubeVersion, expected) => {
  expect(answer(kubeVersion)).toBe(expected);
});

function answer(kubeVersion: string): string {
  const chart = memoryTree({
    "Chart.yaml": "apiVersion: v2\nname: kv\nversion: 1.0.0\n",
    "templates/a.yaml": template,
  });
  const environment = seededEnvironment("capabilities", 0);
  try {
    const rendering = renderChart(chart, { releaseName: "r", namespace: "default", kubeVersion, environment });
    return decodeUtf8(formatTemplateOutput(rendering, {})).split("a: ")[1]?.trim() ?? "";
  } catch (error) {
    return formatFault(error);
  }
}
