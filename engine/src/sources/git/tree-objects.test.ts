import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Fault } from "#kernel";
import { LeastRecent, parseTree } from "./tree-objects.ts";

describe("tree objects", () => {
  it("of any bytes are read or refused, and never hold a name that leaves the folder", () => {
    const names = fc.constantFrom("..", ".", "", ".git", ".GIT", "a", "b/c", "d e", "\u{1F600}", "\ue000");
    const entry = fc.tuple(fc.constantFrom("100644", "100755", "40000", "120000", "160000", "x"), names);
    const tree = fc
      .array(entry, { maxLength: 8 })
      .map((entries) =>
        Buffer.concat(
          entries.map(([mode, name]) => Buffer.concat([Buffer.from(`${mode} ${name}\0`), Buffer.alloc(20, 7)])),
        ),
      );
    fc.assert(
      fc.property(fc.oneof(tree, fc.uint8Array({ maxLength: 200 })), (bytes) => {
        let folder: ReturnType<typeof parseTree>;
        try {
          folder = parseTree(bytes, 20, "id");
        } catch (error) {
          expect(error).toBeInstanceOf(Fault);
          return;
        }
        const found = [...folder.keys()];
        for (const name of found) expect(name).not.toMatch(/^(\.|\.\.|)$|\/|\0|^\.git$/i);
        expect(found).toEqual(found.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
      }),
    );
  });

  it("are forgotten in the order in which they were last used", () => {
    const cache = new LeastRecent<number>(10, (size) => size);
    for (const key of ["a", "b", "c"]) cache.set(key, 3);
    cache.get("a");
    cache.set("d", 4);
    expect(["a", "b", "c", "d"].filter((key) => cache.has(key))).toEqual(["a", "c", "d"]);
  });
});
