import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

const oracles = process.env["KEELSON_ORACLES"] ?? "/nowhere";
const hasOracles = ["helm", "kustomize"].every((name) => existsSync(join(oracles, name)));
const root = mkdtempSync(join(tmpdir(), "keelson-post-"));

const long = "a text that goes on and on for more than eighty columns, so that a writer of YAML may want to fold it";
const files: Record<string, string> = {
  "patch/kustomization.yaml":
    'images: [{name: nginx, newTag: "9"}]\npatches:\n- path: p.yaml\n  target: {kind: Deployment}\n',
  "patch/p.yaml": "- {op: add, path: /spec/replicas, value: 4}\n",
  "c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
  "c/templates/a.yaml": `# comment
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, annotations: {a: yes-please, long: "${long}", quoted: "some: ${long}", tab: "a\\tb ${long}"}}
spec:
  template:
    spec:
      containers: [{name: a, image: nginx:1, args: ["yes", yes, on, 0644, 1e3, 2020-01-01, ~, "${long}"]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: c1}
data:
  k: "y"
  block: |
    a
      b: c
    - d
  more: "trailing \\n${long}"
`,
  "c/templates/hook.yaml":
    'apiVersion: v1\nkind: Pod\nmetadata: {name: h, annotations: {"helm.sh/hook": pre-install}}\nspec: {containers: [{name: a, image: nginx}]}\n',
  "c/templates/list.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: l}\nitems:\n- ${long}\n- {k: "${long}", z: 1}\n- - ${long}\n`,
  "c/templates/NOTES.txt": "notes\n",
  "plugins/kust/plugin.yaml":
    "apiVersion: v1\nname: kust\ntype: postrenderer/v1\nversion: 0.1.0\nruntime: subprocess\n" +
    "runtimeConfig:\n  platformCommand:\n  - command: ${HELM_PLUGIN_DIR}/run.sh\n",
  "plugins/kust/run.sh": `#!/bin/sh
cat > "${root}/patch/all.yaml"
cp "${root}/patch/kustomization.yaml" "${root}/kept.yaml"
echo 'resources: [all.yaml]' >> "${root}/patch/kustomization.yaml"
${oracles}/kustomize build --reorder none "${root}/patch"
cp "${root}/kept.yaml" "${root}/patch/kustomization.yaml"
rm "${root}/patch/all.yaml"
`,
};
for (const [path, content] of Object.entries(files)) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}
chmodSync(join(root, "plugins/kust/run.sh"), 0o755);

async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const io = memoryIo({ clock: new ManualClock(), folder: root, home: root });
  const code = await runCommandLine(["template", "x", "c", ...args], io, { version: "0" });
  return { code, ...io.text() };
}

describe("keelson template --post-renderer", () => {
  it("runs kustomize over all objects, hooks among them", async () => {
    const { stdout, stderr } = await run("--post-renderer", "kustomize", "--post-renderer-args", "patch");
    expect(stderr).toBe("");
    expect(stdout).toContain("replicas: 4");
    expect(stdout.match(/image: nginx:9/g)).toHaveLength(2);
    expect(stdout).not.toContain("postrender-filename");
    expect(stdout.indexOf("# Source: c/templates/hook.yaml")).toBeGreaterThan(stdout.indexOf("kind: Deployment"));
  });

  it("starts no program, and says what to do", async () => {
    const { code, stderr } = await run("--post-renderer", "./add-labels.sh");
    expect(code).toBe(2);
    expect(stderr).toContain("post-renderers that are programs or plugins are not run");
    expect(stderr).toContain("--post-renderer kustomize");
    expect((await run("--post-renderer", "kustomize", "--post-renderer-args", "c")).stderr).toContain(
      "holds no kustomization",
    );
  });

  it.skipIf(!hasOracles)("gives what helm gives through a plugin that runs the real kustomize", async () => {
    const env = { ...process.env, HOME: root, HELM_PLUGINS: join(root, "plugins"), HELM_NAMESPACE: "default" };
    const words = ["template", "x", "c", "--post-renderer", "kust"];
    const said = execFileSync(join(oracles, "helm"), words, { cwd: root, env, encoding: "utf8" });
    const { stdout } = await run("--post-renderer", "kustomize", "--post-renderer-args", "patch");
    expect(stdout).toBe(said);
  });
});
