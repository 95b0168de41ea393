import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeUtf8, type FileTree, memoryTree, RecordingTree, type Rendering } from "#kernel";
import { InlinePool, RenderDesk, type Renderer, sourceTreeOf } from "./render-desk.ts";

/** Reads the way renderers do: a listing, the files in it, and files that those name, present or not. */
const following: Renderer = {
  name: "following",
  version: "1",
  render(tree: FileTree, path: string): Rendering {
    const recording = new RecordingTree(tree);
    const manifests = (recording.list(path) ?? []).flatMap((entry) => {
      if (entry.type !== "file") return [];
      const text = decodeUtf8(recording.read(`${path}/${entry.name}`));
      const named = recording.entry(text) === undefined ? "" : readIfFile(recording, text);
      return [{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: entry.name }, data: { text, named } }];
    });
    return { manifests, reads: recording.reads(), inputs: [], warnings: [], isVolatile: false };
  },
};

function readIfFile(tree: FileTree, path: string): string {
  return tree.entry(path)?.type === "file" ? decodeUtf8(tree.read(path)) : "";
}

const paths = ["a/1", "a/2", "a/3/x", "b/1", "b/2", "c"];
const files = fc.dictionary(fc.constantFrom(...paths), fc.constantFrom("b/1", "b/2", "c", "", "a/1"), { maxKeys: 6 });
const job = (path: string) => ({ path, renderer: "following", options: {}, hasRemotes: false });

describe("renderings", () => {
  it("that are reused are what rendering anew would give (invariant 7)", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(files, { minLength: 2, maxLength: 6 }), async (commits) => {
        const desk = new RenderDesk(new InlinePool([following]));
        for (const commit of commits) {
          const tree = memoryTree(commit);
          for (const path of ["a", "b"]) {
            const fast = await desk.render(job(path), sourceTreeOf(tree));
            expect(fast.manifests).toEqual(following.render(tree, path, { options: {} }).manifests);
          }
        }
      }),
    );
  });

  it("are reused when a commit moves nothing that was read", async () => {
    const desk = new RenderDesk(new InlinePool([following]));
    const first = await desk.render(job("a"), sourceTreeOf(memoryTree({ "a/1": "c", "b/1": "" })));
    const second = await desk.render(job("a"), sourceTreeOf(memoryTree({ "a/1": "c", "b/1": "other" })));
    expect(second).toBe(first);
    const third = await desk.render(job("a"), sourceTreeOf(memoryTree({ "a/1": "c", "b/1": "", c: "now here" })));
    expect(third).not.toBe(first);
    expect(desk.counts).toEqual({ reused: 1, rendered: 2 });
  });

  it("asked for twice at once are made once", async () => {
    const desk = new RenderDesk(new InlinePool([following]));
    const source = sourceTreeOf(memoryTree({ "a/1": "" }));
    const [one, two] = await Promise.all([desk.render(job("a"), source), desk.render(job("a"), source)]);
    expect(one).toBe(two);
    expect(desk.counts.rendered).toBe(1);
  });

  it("of every delivery are kept, however many there are", async () => {
    const count = 300;
    const all = Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}/1`, "c"]));
    const desk = new RenderDesk(new InlinePool([following]), undefined, () => count);
    for (const commit of [all, { ...all, other: "x" }]) {
      for (let i = 0; i < count; i++) await desk.render(job(`f${i}`), sourceTreeOf(memoryTree(commit)));
    }
    expect(desk.counts).toEqual({ rendered: count, reused: count });
  });
});
