// The code of docs/library.md, run as whoever installed the package would run it: beside node_modules, against what is built.

import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const isBuilt = existsSync(join(root, "engine", "dist", "render", "helm", "index.js"));

/** The indented blocks of a page, in their order. */
function blocksOf(page: string): string[] {
  const blocks = page.match(/^ {4}.*\n(?:(?: {4}.*)?\n)*/gm) ?? [];
  return blocks.map((block) => block.replace(/^ {4}/gm, ""));
}

const blocks = blocksOf(readFileSync(join(root, "docs", "library.md"), "utf8"));

/** The block that says `word`. */
function blockWith(word: string): string {
  const found = blocks.find((block) => block.includes(word));
  if (found === undefined) throw new Error(`no code of docs/library.md says ${word}`);
  return found;
}

describe.skipIf(!isBuilt)("docs/library.md", () => {
  const folder = mkdtempSync(join(tmpdir(), "keelson-library-"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "charts", "web"), { recursive: true });
  writeFileSync(join(folder, "charts", "web", "Chart.yaml"), "apiVersion: v2\nname: web\nversion: 0.1.0\n");
  afterAll(() => rmSync(folder, { recursive: true }));

  function run(program: string): { stdout: string; stderr: string } {
    writeFileSync(join(folder, "program.mjs"), program);
    const { stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
    return { stdout, stderr };
  }

  const manifest =
    '# Source: web/templates/map.yaml\nkind: ConfigMap\nmetadata:\n  name: shop\ndata: {replicas: "3"}\n';

  it("renders a chart", () => {
    const shown = "console.log(rendering.text + new TextDecoder().decode(formatTemplateOutput(rendering)));";
    expect(run(blockWith("formatTemplateOutput(rendering)") + shown)).toEqual({
      stdout: `---\n${manifest}\n---\n${manifest}\n`,
      stderr: "",
    });
  });

  it("makes a tree of a folder", () => {
    const program = `import { memoryTree } from "keelson/helm";\n${blockWith("readdirSync(")}console.log(chart.entry("Chart.yaml").type);`;
    expect(run(program)).toEqual({ stdout: "file\n", stderr: "" });
  });

  it("builds a kustomization", () => {
    expect(run(`${blockWith("keelson/kustomize")}console.log(text);`)).toEqual({
      stdout: "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-a\n\n",
      stderr: "",
    });
  });

  it("says what is wrong", () => {
    const program = `import { formatFault, memoryTree, renderChart } from "keelson/helm";\n${blockWith("console.error")}`;
    expect(run(program)).toEqual({ stdout: "", stderr: "Chart.yaml file is missing\n" });
  });
});
