// Cases recorded from the real kustomize, a folder each: input, and `expected.golden.yaml` with the version in its first
// line. On every case the properties that hold for all builds are checked as well.

import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseYamlDocuments } from "#formats/yaml";
import { deepFreeze, memoryTree, type Read, readsHold } from "#kernel";
import { build, kustomizeVersion } from "./index.ts";

const golden = new URL("testdata/golden/", import.meta.url).pathname;

type Files = Record<string, string>;

function filesBelow(root: string, folder = root): Files {
  const files: Files = {};
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) Object.assign(files, filesBelow(root, path));
    else if (entry.name !== "expected.golden.yaml") files[relative(root, path)] = readFileSync(path, "utf8");
  }
  return files;
}

/** Text of a build, or the message it fails with. */
function outcome(files: Files): string {
  try {
    return build(memoryTree(files), ".").text;
  } catch (thrown) {
    return `failed: ${(thrown as Error).message}`;
  }
}

describe.each(readdirSync(golden))("%s", (name) => {
  const files = filesBelow(join(golden, name));
  const expected = readFileSync(join(golden, name, "expected.golden.yaml"), "utf8");
  const result = build(memoryTree(files), ".");

  test("gives the bytes of the real kustomize", () => {
    expect(`# kustomize ${kustomizeVersion}\n${result.text}`).toBe(expected);
  });

  test("gives the same again, and its manifests are the text's data, frozen", () => {
    expect(build(memoryTree(deepFreeze(files)), ".")).toEqual(result);
    expect(parseYamlDocuments(result.text)).toEqual(result.rendering.manifests);
    expect(result.rendering.manifests.every((manifest) => Object.isFrozen(manifest.metadata))).toBe(true);
  });

  test("what lies outside its reads never changes the output", () => {
    const change = fc.record({
      path: fc.oneof(
        fc.constantFrom(...Object.keys(files)),
        fc.constantFrom("kustomization.yml", "Kustomization", "x.yaml", "base/x", "base/Kustomization", "new/a.yaml"),
      ),
      content: fc.oneof(fc.constant(undefined), fc.constantFrom("", "a: b\n", "resources: []\n", "{")),
    });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = applyChanges(files, changes);
        if (!holds(result.rendering.reads, changed)) return;
        expect(outcome(changed)).toBe(result.text);
      }),
      { numRuns: 20, seed: 11 },
    );
  });
});

function applyChanges(files: Files, changes: readonly { path: string; content: string | undefined }[]): Files {
  const changed = { ...files };
  for (const { path, content } of changes)
    if (content === undefined) delete changed[path];
    else changed[path] = content;
  return changed;
}

function holds(reads: readonly Read[], files: Files): boolean {
  return readsHold(reads, memoryTree(files));
}

test("garbage in place of any file ends in a fault, never in a crash", () => {
  const all = readdirSync(golden).map((name) => filesBelow(join(golden, name)));
  const garbage = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: "binary", maxLength: 40 }), splice(all));
  fc.assert(
    fc.property(fc.constantFrom(...all), fc.nat(), garbage, (files, at, text) => {
      const paths = Object.keys(files);
      const changed = { ...files, [paths[at % paths.length] as string]: text };
      try {
        build(memoryTree(changed), ".");
      } catch (thrown) {
        expect((thrown as Error).name).toBe("Fault");
      }
    }),
    { numRuns: 600, seed: 3 },
  );
});

/** A file of some case, with a part of it cut out or doubled. */
function splice(all: readonly Files[]): fc.Arbitrary<string> {
  const texts = all.flatMap((files) => Object.values(files));
  return fc
    .tuple(fc.constantFrom(...texts), fc.nat(), fc.nat(), fc.constantFrom("", "\n", "  ", "- ", ": ", "{", "null"))
    .map(([text, a, b, filler]) => {
      const [from, to] = [a % (text.length + 1), b % (text.length + 1)];
      return text.slice(0, from) + filler + text.slice(Math.min(from, to));
    });
}
