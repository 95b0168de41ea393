import { execFileSync } from "node:child_process";
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

  it("takes an empty flag for one that is not given", async () => {
    const folder = newChart();
    const plain = await run(folder, "shop", ".");
    expect(await run(folder, "shop", ".", "--output-dir=", "--name-template=", "-n", "", "-f", "")).toEqual(plain);
    expect((await run(folder, "--name-template", "{{ fail `no` }}", ".")).stderr).toContain(
      'template: name-template:1:3: executing "name-template" at <fail `no`>: error calling fail: no',
    );
  });

  it("refuses values that helm refuses, also where they change nothing", async () => {
    const folder = newChart();
    const wrong: [string[], string][] = [
      [["--timeout", "x"], "flag --timeout is a duration, such as 30s, 5m or 1h30m"],
      [["--wait=x"], 'flag --wait cannot be "x"'],
      [["--server-side=auto"], "flag --server-side is true or false"],
      [["--labels", "a"], "a must be formatted as key=value"],
      [["--color", "x"], 'flag --color cannot be "x"'],
      [
        ["--force-replace", "--force-conflicts"],
        "[force-replace force-conflicts] are set none of the others can be; [force-conflicts force-replace] were all set",
      ],
      [
        ["--dry-run", "--validate=false"],
        "if any flags in the group [validate dry-run] are set none of the others can be",
      ],
      [["--hide-secret"], "unknown flag --hide-secret"],
      [["-f", "templates"], "read templates: is a directory"],
      [["-f", "Chart.yaml/x"], "open Chart.yaml/x: not a directory"],
      [["-f", "a.yaml,"], "open a.yaml: no such file or directory"],
      [["--ca-file", "Chart.yaml"], "--ca-file Chart.yaml: no certificate in PEM is in it"],
      [["--output-dir", "Chart.yaml"], "open Chart.yaml/web/templates/b.yaml: not a directory"],
      [["--output-dir", "out", "-s", "templates/b.yaml"], "could not find template templates/b.yaml in chart"],
    ];
    const said = await Promise.all(wrong.map(async ([words]) => await run(folder, "shop", ".", ...words)));
    expect(said.map(({ stderr }, index) => stderr.includes(wrong[index]?.[1] ?? "") || stderr)).toEqual(
      wrong.map(() => true),
    );
    expect(said.filter(({ code }) => code === 0)).toEqual([]);
  });

  it("keeps bytes that are no UTF-8, and refuses them in values, as helm does", async () => {
    const folder = newChart();
    writeFileSync(join(folder, "latin1"), Buffer.from([0x61, 0x3a, 0x20, 0xe9, 0x0a]));
    writeFileSync(join(folder, "templates/a.yaml"), "kind: X\nx: {{ .Values.x | b64enc }}\n");
    expect((await run(folder, "shop", ".", "-f", "latin1")).stderr).toContain(
      "failed to parse latin1: cannot unmarshal yaml document: error converting YAML to JSON: yaml: incomplete UTF-8 octet",
    );
    expect((await run(folder, "shop", ".", "--set-file", "x=latin1")).stdout).toContain("x: YTog6Qo=");
  });

  it("takes files of any size within a chart's, and refuses what is no file", async () => {
    const folder = newChart();
    writeFileSync(join(folder, "large"), Buffer.alloc(5 * 1024 * 1024 + 1, "x"));
    expect((await run(folder, "shop", ".")).code).toBe(0);
    execFileSync("mkfifo", [join(folder, "pipe")]);
    expect((await run(folder, "shop", ".")).stderr).toContain("pipe: cannot load irregular file");
    writeFileSync(join(folder, ".helmignore"), "pipe\n");
    expect((await run(folder, "shop", ".")).code).toBe(0);
    expect((await run(folder, "shop", "")).stderr).toContain("non-absolute URLs should be in form of");
  });

  it("says which flags have no effect", async () => {
    const { code, stderr } = await run(newChart(), "shop", ".", "--repository-cache", "x");
    expect([code, stderr]).toEqual([0, "note: --repository-cache has no effect: nothing is cached\n"]);
  });

  it("resolves names where it is asked to, as helm does", async () => {
    const folder = newChart();
    const rest = "{{ if .Values.bad }}{{ getHostByName .Values.bad }}{{ end }}";
    const name = "127.0.0.{{ getHostByName `127.0.0.1` | trimPrefix `127.0.0.` }}";
    writeFileSync(
      join(folder, "templates/a.yaml"),
      `kind: X\na: {{ getHostByName (tpl "${name}" .) | quote }}\n${rest}`,
    );
    const show = ["shop", ".", "-s", "templates/a.yaml"];
    expect((await run(folder, ...show)).stdout).toContain('a: ""');
    const resolved = await run(folder, ...show, "--enable-dns");
    expect([resolved.stderr, resolved.stdout]).toEqual(["", expect.stringContaining('a: "127.0.0.1"')]);
    expect((await run(folder, ...show, "--enable-dns", "--set", "bad=no-host.invalid")).stderr).toContain(
      "error calling getHostByName: invalid argument to Intn",
    );
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
