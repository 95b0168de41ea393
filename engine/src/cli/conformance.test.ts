// Recorded cases of the real kustomize, if KEELSON_CASES names their folder.

import {
  existsSync,
  mkdtempSync,
  cpSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Fault } from "#kernel";
import { build } from "#render/kustomize";
import { DiskTree } from "./disk-tree.ts";

type Case = { id: string; root: string; dir: string; flags: string[]; expect: "ok" | "err"; out: string };

const folder = process.env["KEELSON_CASES"] ?? "";
const hasCases = folder !== "" && existsSync(join(folder, "kustomize"));

/** Plugins that run a program are refused: no builtin can do what they do. */
const runsPrograms = (one: Case): boolean => one.flags.includes("--enable-exec");

function readCases(): Case[] {
  const cases: Case[] = [];
  for (const group of readdirSync(join(folder, "kustomize")))
    for (const name of readdirSync(join(folder, "kustomize", group))) {
      const base = join(folder, "kustomize", group, name);
      const recorded = JSON.parse(readFileSync(join(base, "case.json"), "utf8")) as Case;
      cases.push({ ...recorded, root: join(base, "input"), out: join(base, "expected.yaml") });
    }
  for (const repository of readdirSync(join(folder, "kustomize-trees"))) {
    const base = join(folder, "kustomize-trees", repository);
    for (const line of readFileSync(join(base, "cases.jsonl"), "utf8").trim().split("\n")) {
      const recorded = JSON.parse(line) as Case;
      cases.push({ ...recorded, root: join(base, "tree"), out: join(base, recorded.out) });
    }
  }
  return cases;
}

const rootMark = "@@ROOT@@";

/** A case whose files name their own folder is copied, with the mark replaced. */
function placeCase(one: Case): { root: string; close: () => void } {
  const marked = filesBelow(one.root).filter((file) => readFileSync(file, "latin1").includes(rootMark));
  if (marked.length === 0) return { root: one.root, close: () => undefined };
  const copy = realpathSync(mkdtempSync(join(tmpdir(), "keelson-case-")));
  cpSync(one.root, copy, { recursive: true, verbatimSymlinks: true });
  for (const file of marked) {
    const target = file.replace(one.root, copy);
    writeFileSync(target, readFileSync(target, "latin1").replaceAll(rootMark, copy), "latin1");
  }
  return { root: copy, close: () => rmSync(copy, { recursive: true }) };
}

function filesBelow(root: string): string[] {
  return readdirSync(root, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? filesBelow(join(root, entry.name)) : entry.isFile() ? [join(root, entry.name)] : [],
  );
}

function run(one: Case, root: string): string {
  const tree = new DiskTree();
  return build(tree, join(root, one.dir).slice(1), {
    local: tree,
    reorder: one.flags[one.flags.indexOf("--reorder") + 1] === "none" ? "none" : "legacy",
    loadRestrictor: one.flags.includes("LoadRestrictionsNone") ? "none" : "root-only",
    isHelmEnabled: one.flags.includes("--enable-helm"),
  }).text.replaceAll(root, rootMark);
}

describe.skipIf(!hasCases)("as the real kustomize", () => {
  test.each(hasCases ? readCases() : [])("$id", (one) => {
    const placed = one.out.endsWith("expected.yaml") ? placeCase(one) : { root: one.root, close: () => undefined };
    try {
      if (one.expect === "err" || runsPrograms(one)) expect(() => run(one, placed.root)).toThrow(Fault);
      else expect(run(one, placed.root)).toBe(readFileSync(one.out, "utf8"));
    } finally {
      placed.close();
    }
  });
});
