import { describe, expect, it } from "vitest";
import { decodeUtf8, type FileTree, memoryTree } from "#kernel";
import { EditedTree } from "./edited-tree.ts";

const before = { "a/x.yaml": "x", "a/b/y.yaml": "y", "c/z.yaml": "z", "top.yaml": "t" };

/** Every file below a folder, as a reader walks them. */
function filesOf(tree: FileTree, folder = ""): Record<string, string> {
  const found: Record<string, string> = {};
  for (const { name, type } of tree.list(folder) ?? []) {
    const path = folder === "" ? name : `${folder}/${name}`;
    expect(tree.entry(path)?.type).toBe(type);
    if (type === "folder") Object.assign(found, filesOf(tree, path));
    else found[path] = decodeUtf8(tree.read(path));
  }
  return found;
}

describe("a tree with edits", () => {
  const cases: [string, Record<string, string | null>][] = [
    ["a changed file", { "a/x.yaml": "new" }],
    ["a removed file", { "top.yaml": null }],
    ["a removed folder", { "a/b/y.yaml": null }],
    ["a whole branch removed", { "a/x.yaml": null, "a/b/y.yaml": null }],
    ["a file in a new folder", { "n/m/w.yaml": "w" }],
    ["several of these", { "a/x.yaml": null, "a/b/q.yaml": "q", "c/z.yaml": "zz", "n/w.yaml": "w" }],
    ["nothing", {}],
  ];
  it.each(cases)("reads as if it had been so: %s", (_, edits) => {
    const after = Object.fromEntries(
      Object.entries({ ...before, ...edits }).filter((entry): entry is [string, string] => entry[1] !== null),
    );
    const tree = new EditedTree(memoryTree(before), new Map(Object.entries(edits)));
    expect(filesOf(tree)).toEqual(filesOf(memoryTree(after)));
    const paths = [...Object.keys(before), ...Object.keys(edits), "a", "a/b", "n", "n/m", "absent", "absent/x"];
    for (const path of paths)
      expect([path, tree.entry(path)?.type]).toEqual([path, memoryTree(after).entry(path)?.type]);
  });

  it("has another hash with each set of edits", () => {
    const hashes = cases.map(([, edits]) => new EditedTree(memoryTree(before), new Map(Object.entries(edits))).hash);
    expect(new Set(hashes).size).toBe(cases.length);
  });
});
