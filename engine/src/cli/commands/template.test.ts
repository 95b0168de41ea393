import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { runCommandLine } from "../run.ts";
import { memoryIo } from "../io.ts";

const files: Record<string, string> = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
  "values.yaml": "size: 2\n",
  "templates/b.yaml":
    "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\ndata:\n  size: {{ .Values.size | quote }}\n",
  "templates/a.yaml": "kind: Service\nmetadata:\n  name: {{ .Release.Namespace }}\n",
  "templates/test.yaml": 'kind: Pod\nmetadata:\n  name: t\n  annotations: {"helm.sh/hook": test}\n',
};

function newChart(): string {
  const folder = mkdtempSync(join(tmpdir(), "keelson-template-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

async function run(folder: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: new ManualClock(), folder });
  const code = await runCommandLine(["template", ...args], io, { version: "0" });
  return { code, ...io.text() };
}

const config = '---\n# Source: web/templates/b.yaml\nkind: ConfigMap\nmetadata:\n  name: shop\ndata:\n  size: "7"\n';
const service = "---\n# Source: web/templates/a.yaml\nkind: Service\nmetadata:\n  name: default\n";

describe("keelson template", () => {
  it("prints objects in install order, hooks last", async () => {
    const { code, stdout } = await run(newChart(), "shop", ".", "--set", "size=7");
    expect(code).toBe(0);
    expect(stdout.startsWith(`${config}\n${service}---\n# Source: web/templates/test.yaml\n`)).toBe(true);
  });

  it("shows only what is asked for, without tests", async () => {
    const folder = newChart();
    expect((await run(folder, "shop", ".", "--set", "size=7", "-s", "templates/b.yaml")).stdout).toBe(`${config}\n\n`);
    expect((await run(folder, "shop", ".", "--set", "size=7", "--skip-tests")).stdout).toBe(`${config}\n${service}`);
  });

  it("writes files", async () => {
    const folder = newChart();
    await run(folder, "shop", ".", "--set", "size=7", "--output-dir", "out");
    expect(readFileSync(join(folder, "out/web/templates/b.yaml"), "utf8")).toBe(`${config}\n`);
  });

  it("takes the namespace of the kubeconfig's context, unless another is named", async () => {
    const folder = newChart();
    const contexts = "contexts: [{name: a, context: {namespace: of-a}}, {name: b, context: {namespace: of-b}}]";
    writeFileSync(join(folder, "config"), `current-context: a\n${contexts}\n`);
    const nameOf = async (...args: string[]): Promise<string | undefined> =>
      /name: (\S+)/.exec((await run(folder, "shop", ".", "-s", "templates/a.yaml", ...args)).stdout)?.[1];
    expect(await nameOf("--kubeconfig", "config")).toBe("of-a");
    expect(await nameOf("--kubeconfig", "config", "--kube-context", "b")).toBe("of-b");
    expect(await nameOf("--kubeconfig", "config", "-n", "given")).toBe("given");
    expect(await nameOf("--kubeconfig", "nowhere")).toBe("default");
  });

  it("shows what is no YAML when it is asked to", async () => {
    const folder = newChart();
    writeFileSync(join(folder, "templates/c.yaml"), "a: 1\nb: c: d\n");
    const { code, stdout, stderr } = await run(folder, "shop", ".", "--debug");
    expect(code).toBe(1);
    expect(stdout).toContain("---\n# Source: web/templates/c.yaml\na: 1\nb: c: d\n");
    expect(stderr).toContain(
      "YAML parse error on web/templates/c.yaml: error converting YAML to JSON: yaml: line 2: mapping values",
    );
    expect((await run(folder, "shop", ".")).stdout).toBe("");
  });

  it("says what is wrong", async () => {
    const folder = newChart();
    expect((await run(folder, "shop", ".", "--set", "a[b]=1")).stderr).toContain("failed parsing --set data");
    expect((await run(folder, "Shop", ".")).stderr).toContain("invalid release name");
    expect((await run(folder, "shop", "nowhere")).stderr).toContain(
      "non-absolute URLs should be in form of repo_name/path_to_chart, got: nowhere",
    );
  });
});
