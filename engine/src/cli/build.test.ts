import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { formatFault, ManualClock } from "#kernel";
import { command } from "./commands/build.ts";
import { memoryIo } from "./io.ts";
import type { Ports } from "./ports.ts";

const configMap = (name: string): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

function place(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "keelson-build-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const noFlags = { "load-restrictor": "LoadRestrictionsRootOnly", reorder: "legacy", "helm-api-versions": [] };

async function run(folder: string, args: readonly string[], flags: Record<string, unknown> = {}): Promise<string> {
  const io = memoryIo({ clock: new ManualClock(), folder });
  await command.run({ args, flags: { ...noFlags, ...flags }, io, ports: {} as Ports });
  return io.text().stdout;
}

test("builds the folder it is called in, or the one it is given", async () => {
  const folder = place({ "a/kustomization.yaml": "resources: [x.yaml]", "a/x.yaml": configMap("x") });
  expect(await run(join(folder, "a"), [])).toBe(configMap("x"));
  expect(await run(folder, ["a"])).toBe(configMap("x"));
});

test("follows symlinks by kustomize's rules", async () => {
  const folder = place({
    "a/kustomization.yaml": "resources: [l.yaml]",
    "a/x.yaml": configMap("x"),
    "y.yaml": configMap("other"),
  });
  symlinkSync("x.yaml", join(folder, "a/l.yaml"));
  expect(await run(folder, ["a"])).toBe(configMap("x"));
  writeFileSync(join(folder, "a/kustomization.yaml"), "resources: [out.yaml]");
  symlinkSync("../y.yaml", join(folder, "a/out.yaml"));
  await expect(run(folder, ["a"])).rejects.toThrow();
  expect(await run(folder, ["a"], { "load-restrictor": "LoadRestrictionsNone" })).toBe(configMap("other"));
});

test("writes one file an object into a folder", async () => {
  const folder = place({
    "kustomization.yaml": "resources: [x.yaml]",
    "x.yaml": `${configMap("x")}---\n${configMap("z")}`,
    "out/.keep": "",
  });
  expect(await run(folder, ["."], { output: "out" })).toBe("");
  expect(readdirSync(join(folder, "out"))).toEqual([".keep", "v1_configmap_x.yaml", "v1_configmap_z.yaml"]);
  expect(readFileSync(join(folder, "out/v1_configmap_x.yaml"), "utf8")).toBe(configMap("x"));
});

test("files of several namespaces begin with theirs, those of none with their group", async () => {
  const folder = place({
    "kustomization.yaml": "resources: [x.yaml]",
    "x.yaml": [
      configMap("x"),
      `${configMap("y")}  namespace: Shop\n`,
      "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: z\n  namespace: ignored\n",
    ].join("---\n"),
    "out/.keep": "",
  });
  await run(folder, ["."], { output: "out" });
  expect(readdirSync(join(folder, "out"))).toEqual([
    ".keep",
    "default_v1_configmap_x.yaml",
    "rbac.authorization.k8s.io_v1_clusterrole_z.yaml",
    "shop_v1_configmap_y.yaml",
  ]);
});

test("errors name paths as they are written at the command line", async () => {
  const folder = place({ "a/kustomization.yaml": "resources: [x.yaml]", "a/x.yaml": "kind: A\n" });
  const told = async (args: readonly string[], flags = {}): Promise<string> =>
    run(folder, args, flags).then(
      () => "",
      (thrown: unknown) => formatFault(thrown),
    );
  expect(await told(["a"])).toMatch(/^unable to use 'x.yaml' as a resource: x.yaml: /);
  expect(await told(["none"])).toContain("'none'");
  expect(await told([join(folder, "a/x.yaml")])).toContain("'a/x.yaml' must be a folder");
  expect(await told(["."])).toMatch(/^\.: unable to find one of/);
  expect(await told([tmpdir()])).toMatch(new RegExp(`^${tmpdir()}: unable to find one of`));
  writeFileSync(join(folder, "a/x.yaml"), configMap("x"));
  expect(await told(["a"], { output: "none/x.yaml" })).toMatch(/^none\/x.yaml: the output cannot be written there/);
});

test("renders charts where the switch allows it", async () => {
  const folder = place({
    "kustomization.yaml": "helmCharts:\n- {name: c, releaseName: r, valuesInline: {b: two}}\n",
    "charts/c/Chart.yaml": "apiVersion: v2\nname: c\nversion: 0.1.0\n",
    "charts/c/values.yaml": "a: one\nb: one\n",
    "charts/c/templates/a.yaml": `${configMap("{{ .Release.Name }}-{{ .Values.a }}-{{ .Values.b }}")}`,
  });
  await expect(run(folder, ["."])).rejects.toThrow();
  expect(await run(folder, ["."], { "enable-helm": true })).toBe(configMap("r-one-two"));
  writeFileSync(join(folder, "kustomization.yaml"), "helmCharts:\n- {name: c, nameTemplate: '{{ upper \"r\" }}'}\n");
  await expect(run(folder, ["."], { "enable-helm": true })).rejects.toThrow();
});
