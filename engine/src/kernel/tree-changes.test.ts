import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { memoryTree } from "./file-tree.ts";
import { readKey, readsHold, RecordingTree } from "./reads.ts";
import { changedReads } from "./tree-changes.ts";

const names = ["a", "b", "c"];
const path = fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 4 }).map((parts) => parts.join("/"));
const files = fc.dictionary(path, fc.constantFrom("1", "2", "3"), { maxKeys: 10 }).map(withoutFilesInFiles);

/** A path is a file or a folder, not both. */
function withoutFilesInFiles(all: { [path: string]: string }): { [path: string]: string } {
  const paths = Object.keys(all);
  return Object.fromEntries(Object.entries(all).filter(([one]) => !paths.some((other) => other.startsWith(`${one}/`))));
}

/** Everything that can be asked of a tree over these names, and a bit beyond. */
function everyPath(depth: number): string[] {
  if (depth === 0) return [""];
  const above = everyPath(depth - 1);
  return [
    ...new Set([...above, ...above.flatMap((one) => names.map((name) => (one === "" ? name : `${one}/${name}`)))]),
  ];
}

const paths = everyPath(5);

describe("changes between two trees", () => {
  it("are exactly the reads that would answer otherwise", () => {
    fc.assert(
      fc.property(files, files, (before, after) => {
        const recording = new RecordingTree(memoryTree(before));
        for (const one of paths) {
          recording.entry(one);
          recording.list(one);
        }
        const next = memoryTree(after);
        const wanted = recording.reads().filter((read) => !readsHold([read], next));
        const found = changedReads(memoryTree(before), next, Infinity);
        expect([...(found ?? [])].toSorted()).toEqual(wanted.map(readKey).toSorted());
      }),
      { numRuns: 400 },
    );
  });

  it("are given up where there are too many of them", () => {
    expect(changedReads(memoryTree({}), memoryTree({ "a/b": "1", "a/c": "2" }), 2)).toBeUndefined();
  });
});
