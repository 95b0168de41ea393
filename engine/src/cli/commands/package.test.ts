import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";

const long = "a-folder-with-a-name-that-goes-on/".repeat(4);

const files: Record<string, string> = {
  ".helmignore": "*.bak\nsecret/\n",
  "Chart.yaml":
    "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: 1.10\nkeywords: [b, a]\nannotations: {z: '1', a: x}\n" +
    "dependencies:\n- {name: sub, version: '>=0.0.1 <2', repository: '', tags: [t], import-values: [{child: a, parent: b}]}\n" +
    "maintainers:\n- {name: Me, email: me@example.org}\n",
  "Chart.lock": "generated: 2024-05-06T07:08:09.1Z\ndigest: sha256:0\ndependencies:\n- {name: sub, version: 0.2.0}\n",
  "values.yaml": "size: 2\n",
  "values.schema.json": '{"type": "object"}',
  "templates/b.yaml": "kind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-é\n",
  "templates/_h.tpl": "{{/* nothing */}}",
  "templates/old.bak": "no",
  "secret/key": "no",
  "README.md": "# Web\n",
  [`${long}file.txt`]: "deep\n",
  "grün/é.txt": "unicode\n",
  "crds/c.yaml": "kind: CustomResourceDefinition\n",
  "charts/sub/Chart.yaml": "apiVersion: v1\nname: sub\nversion: 0.2.0\n",
  "charts/sub/templates/s.yaml": "kind: Secret\n",
};

function newChart(): string {
  const folder = mkdtempSync(join(tmpdir(), "keelson-package-"));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, "web", path)), { recursive: true });
    writeFileSync(join(folder, "web", path), text);
  }
  return folder;
}

async function run(folder: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: new ManualClock(), folder, env: { SOURCE_DATE_EPOCH: "1700000000" } });
  const code = await runCommandLine(["package", ...args], io, { version: "0" });
  return { code, ...io.text() };
}

const oracle = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");

describe("keelson package", () => {
  it("writes the same bytes each time, and says where", async () => {
    const folder = newChart();
    const { stdout, stderr } = await run(folder, "web");
    expect(stderr).toBe("");
    expect(stdout).toBe(`Successfully packaged chart and saved it to: ${folder}/web-0.1.0.tgz\n`);
    await run(folder, "web", "-d", "out");
    expect(readFileSync(join(folder, "out/web-0.1.0.tgz")).equals(readFileSync(join(folder, "web-0.1.0.tgz")))).toBe(
      true,
    );
  });

  it("leaves out what .helmignore names and sets versions", async () => {
    const folder = newChart();
    await run(folder, "web", "--version", "2.0.0-rc.1", "--app-version", "7");
    const tar = gunzipSync(readFileSync(join(folder, "web-2.0.0-rc.1.tgz"))).toString("utf8");
    expect(tar).toContain('appVersion: "7"');
    expect(tar).toContain("version: 2.0.0-rc.1");
    expect(tar).not.toContain("old.bak");
    expect(tar).not.toContain("secret/key");
  });

  it("gives a chart that renders as the folder does", async () => {
    const folder = newChart();
    await run(folder, "web");
    const render = async (chart: string): Promise<string> => {
      const io = memoryIo({ clock: new ManualClock(), folder });
      await runCommandLine(["template", "shop", chart], io, { version: "0" });
      return io.text().stdout;
    };
    expect(await render("web-0.1.0.tgz")).toBe(await render("web"));
  });

  it.skipIf(!existsSync(oracle))("packs the very tar that helm packs", async () => {
    const folder = newChart();
    await run(folder, "web", "-d", "ours");
    execFileSync(oracle, ["package", "web", "-d", "theirs"], {
      cwd: folder,
      env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000" },
    });
    const [ours, theirs] = ["ours", "theirs"].map((from) =>
      gunzipSync(readFileSync(join(folder, from, "web-0.1.0.tgz"))),
    );
    expect(ours?.toString("utf8")).toBe(theirs?.toString("utf8"));
    expect(ours?.equals(theirs as Buffer)).toBe(true);
  });

  it("says what is wrong", async () => {
    const folder = newChart();
    expect((await run(folder, "nowhere")).stderr).toContain("no such file or directory");
    expect((await run(folder, "web", "--sign")).stderr).toContain("--key is required for signing a package");
    expect((await run(folder, "web", "--version", "x")).stderr).toContain("invalid semantic version");
    writeFileSync(join(folder, "web/Chart.yaml"), `${files["Chart.yaml"]}`.replace("name: sub", "name: other"));
    expect((await run(folder, "web")).stderr).toContain("found in Chart.yaml, but missing in charts/ directory: other");
  });
});
