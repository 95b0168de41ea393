import { describe, expect, it } from "vitest";
import { joinPath, memoryTree } from "./file-tree.ts";
import { RecordingTree, readsHold } from "./reads.ts";

const files = { "a/one.yaml": "1", "a/two.yaml": "2", "b/c/three.yaml": "3" };

describe("file tree", () => {
  it("lists folders by name and refuses to leave the root", () => {
    const tree = memoryTree(files);
    expect(tree.list("")?.map((entry) => `${entry.type} ${entry.name}`)).toEqual(["folder a", "folder b"]);
    expect(tree.list("nowhere")).toBeUndefined();
    expect(joinPath("a/b", "../c")).toBe("a/c");
    expect(joinPath("a", "../../etc")).toBeUndefined();
  });

  it("has one hash for equal content and another for any change below", () => {
    expect(memoryTree(files).hash).toBe(memoryTree({ ...files }).hash);
    expect(memoryTree({ ...files, "b/c/three.yaml": "4" }).hash).not.toBe(memoryTree(files).hash);
  });

  it("holds reads against a change outside them, and not against one inside", () => {
    const recording = new RecordingTree(memoryTree(files));
    recording.list("a");
    recording.read("a/one.yaml");
    recording.entry("a/three.yaml");
    const reads = recording.reads();
    expect(readsHold(reads, memoryTree({ ...files, "a/two.yaml": "changed", "b/new": "" }))).toBe(true);
    expect(readsHold(reads, memoryTree({ ...files, "a/one.yaml": "changed" }))).toBe(false);
    expect(readsHold(reads, memoryTree({ ...files, "a/three.yaml": "" }))).toBe(false);
  });
});
