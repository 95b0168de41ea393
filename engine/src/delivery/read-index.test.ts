import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { changedReads, memoryTree, type Read, RecordingTree, readsHold } from "#kernel";
import { ReadIndex } from "./read-index.ts";

const names = ["a", "b", "c"];
const path = fc.tuple(fc.constantFrom(...names), fc.constantFrom(...names)).map((parts) => parts.join("/"));
const files = fc.dictionary(path, fc.constantFrom("1", "2"), { maxKeys: 6 });
const asked = fc.array(fc.record({ of: fc.constantFrom("entry" as const, "list" as const), path }), { maxLength: 5 });
const folders = fc.array(fc.constantFrom("", ...names), { maxLength: 2 });

function readsOf(before: { [path: string]: string }, questions: { of: "entry" | "list"; path: string }[]): Read[] {
  const recording = new RecordingTree(memoryTree(before));
  for (const question of questions) recording[question.of](question.path);
  return recording.reads();
}

describe("the index of reads", () => {
  it("names those, and only those, whose reads a change makes untrue, whatever was there before", () => {
    const reader = fc.tuple(asked, folders);
    fc.assert(
      fc.property(files, files, fc.array(reader, { minLength: 1, maxLength: 6 }), (before, after, readers) => {
        const index = new ReadIndex();
        const reads = readers.map(([questions, listed]) =>
          readsOf(before, [...questions, ...listed.map((one) => ({ of: "list" as const, path: one }))]),
        );
        // Each has read something else before; the last one is gone.
        reads.forEach((_, i) => index.set(`${i}`, [reads[(i + 1) % reads.length] ?? []]));
        reads.forEach((list, i) => index.set(`${i}`, [list]));
        index.delete(`${reads.length - 1}`);
        const next = memoryTree(after);
        const found = index.readersOf(changedReads(memoryTree(before), next, Infinity) ?? new Set());
        const wanted = reads.flatMap((list, i) => (readsHold(list, next) || i === reads.length - 1 ? [] : [`${i}`]));
        expect([...found].toSorted()).toEqual(wanted);
      }),
      { numRuns: 300 },
    );
  });
});
