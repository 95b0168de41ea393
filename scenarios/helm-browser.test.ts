// The library in a browser: `keelson/helm`, bundled, gives in Chromium the bytes that it gives in Node, for a chart that asks
// for certificates, schemas, packed subcharts and regular expressions.

import { describe, expect, it } from "vitest";
import { memoryTree } from "../engine/src/kernel/index.ts";
import { formatTemplateOutput, loadChartTree, packChart, renderChart } from "../engine/src/render/helm/index.ts";
import { hasChromium, openBrowser, openPage, serveLibrary } from "./browser.ts";

const library = memoryTree({
  "Chart.yaml": "apiVersion: v2\nname: lib\nversion: 1.0.0\n",
  "templates/a.yaml": "kind: Service\nmetadata: {name: '{{ .Release.Name }}-{{ .Values.global.zone }}'}\n",
});

const files: Record<string, string | Uint8Array> = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies: [{name: lib, version: 1.x, alias: near}]\n",
  "charts/lib-1.0.0.tgz": packChart(loadChartTree(library, "")).bytes,
  "values.yaml": "replicas: 2\nglobal: {zone: a}\nhosts: [b.example, a.example]\n",
  "values.schema.json": '{"type": "object", "properties": {"replicas": {"type": "integer", "minimum": 1}}}',
  "files/a.txt": "héllo\n",
  "templates/_names.tpl": '{{- define "name" }}{{ .Chart.Name | trunc 63 | trimSuffix "-" }}{{ end -}}',
  "templates/all.yaml": `{{- $ca := genCA "ca" 365 }}{{- $cert := genSignedCert "web" nil (list "web") 30 $ca }}
apiVersion: v1
kind: Secret
metadata: {name: {{ include "name" . }}}
data:
  ca: {{ $ca.Cert | b64enc }}
  cert: {{ $cert.Cert | b64enc }}
  key: {{ genPrivateKey "ed25519" | b64enc }}
  hash: {{ htpasswd "ada" "secret" | quote }}
  sum: {{ .Files.Get "files/a.txt" | sha256sum }}
  hosts: {{ .Values.hosts | sortAlpha | join "," | quote }}
  found: {{ regexReplaceAll "(\\\\w+)\\\\.example" (first .Values.hosts) "\${1}.test" }}
  range: {{ semverCompare ">=1.20-0" .Capabilities.KubeVersion.Version }}
  random: {{ randAlphaNum 12 }} {{ uuidv4 }} {{ now | date "2006-01-02" }}
  replicas: {{ .Values.replicas }}
`,
};

type Library = {
  helm: {
    renderChart: typeof renderChart;
    formatTemplateOutput: typeof formatTemplateOutput;
    memoryTree: typeof memoryTree;
  };
};

describe.skipIf(!hasChromium)("keelson/helm in a browser", () => {
  it("renders a chart to the bytes that Node gives", { timeout: 120_000 }, async () => {
    const rendering = renderChart(memoryTree(files), { releaseName: "shop" });
    const expected = Buffer.from(formatTemplateOutput(rendering)).toString("latin1");
    await using pages = await serveLibrary("keelson/helm");
    await using browser = await openBrowser();
    const { page, errors } = await openPage(browser, pages.url);
    const input = Object.entries(files).map(([path, content]) => [path, [...Buffer.from(content)]] as const);
    const text = await page.evaluate((given) => {
      const { helm } = (globalThis as unknown as { keelson: Library }).keelson;
      const tree = helm.memoryTree(Object.fromEntries(given.map(([path, bytes]) => [path, Uint8Array.from(bytes)])));
      const bytes = helm.formatTemplateOutput(helm.renderChart(tree, { releaseName: "shop" }));
      return Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
    }, input);
    expect(text).toBe(expected);
    expect(text).toContain("shop-a");
    expect(errors).toEqual([]);
  });
});
