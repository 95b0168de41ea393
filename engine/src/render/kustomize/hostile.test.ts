// Input made to hurt: each ends in a clear fault, within a bounded time.

import { expect, test } from "vitest";
import { Fault, memoryTree } from "#kernel";
import { build } from "./index.ts";

const head = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n";

function aliasBomb(): string {
  const lines = [head, "data:", "  a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 12; i++) lines.push(`  a${i}: &a${i} [${`*a${i - 1}, `.repeat(10)}]`);
  return lines.join("\n");
}

/** Folders that each name the next one twice. */
function fanOut(depth: number): Record<string, string> {
  const files: Record<string, string> = { [`b${depth}/kustomization.yaml`]: "namePrefix: x-\n" };
  for (let i = 0; i < depth; i++) files[`b${i}/kustomization.yaml`] = `resources: [../b${i + 1}, ../b${i + 1}]\n`;
  return files;
}

const plain = { "kustomization.yaml": "resources: [a.yaml]\n" };

test.each<[string, Record<string, string>, string]>([
  ["aliases that multiply", { ...plain, "a.yaml": aliasBomb() }, "."],
  ["aliases that multiply in the kustomization", { "kustomization.yaml": aliasBomb() }, "."],
  ["an alias of itself", { ...plain, "a.yaml": `${head}data: &x {k: *x}\n` }, "."],
  ["nesting without end", { ...plain, "a.yaml": "[".repeat(100_000) }, "."],
  ["bases that fan out", fanOut(40), "b0"],
  ["a path out of the tree", { "kustomization.yaml": "resources: [../../etc/passwd]\n" }, "."],
  ["an absolute path", { "kustomization.yaml": "resources: [/etc/passwd]\n" }, "."],
  ["a folder that is its own base", { "a/kustomization.yaml": "resources: [.]\n" }, "a"],
  [
    "a folder that contains it as base",
    { "a/kustomization.yaml": "resources: [..]\n", "kustomization.yaml": "resources: [a]" },
    "a",
  ],
])("%s", (_name, files, path) => {
  const start = performance.now();
  expect(() => build(memoryTree(files), path)).toThrow(Fault);
  expect(performance.now() - start).toBeLessThan(60_000);
});

test("a pattern that would take a backtracking matcher for ever takes no time", () => {
  const files = {
    "kustomization.yaml": `resources: [a.yaml]\npatches:\n- target: {name: "(a+)+$b"}\n  patch: '[{"op": "remove", "path": "/x"}]'\n`,
    "a.yaml": head.replace("name: a", `name: ${"a".repeat(200)}`),
  };
  expect(build(memoryTree(files), ".").text).toContain("kind: ConfigMap");
});
