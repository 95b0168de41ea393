import { describe, expect, it } from "vitest";
import { nodeOf } from "../wire/samples.ts";
import { type Drawn, fold } from "./fold.ts";
import { edgePath, inView, layOut, neighbour, nodeHeight, nodeWidth } from "./layout.ts";

const kinds = ["ConfigMap", "Secret", "Deployment", "Service", "Pod"];

/** A delivery with `count` objects, each fourth below the one before it. */
function tree(count: number): Drawn {
  const nodes = Array.from({ length: count }, (_, index) =>
    nodeOf({ id: `n${index}`, kind: kinds[index % 5] ?? "", parent: index % 4 === 3 ? `n${index - 1}` : "root" }),
  );
  const all = [nodeOf({ id: "root", parent: null }), ...nodes];
  const opened = new Set(kinds.map((kind) => `root|${kind}`));
  const drawn = fold(all, { opened, closed: new Set() });
  if (drawn === undefined) throw new Error("no root");
  return drawn;
}

describe("the layout of a graph", () => {
  it("puts no node upon another", () => {
    const { placed } = layOut(tree(300));
    for (const [index, a] of placed.entries())
      for (const b of placed.slice(index + 1))
        expect(a.x !== b.x || Math.abs(a.y - b.y) >= nodeHeight, `${a.drawn.id} ${b.drawn.id}`).toBe(true);
  });

  it("holds every node within its size", () => {
    const { placed, width, height } = layOut(tree(300));
    expect(Math.max(...placed.map(({ x }) => x + nodeWidth))).toBe(width);
    expect(Math.max(...placed.map(({ y }) => y + nodeHeight))).toBeLessThanOrEqual(height);
  });

  it("draws only what is in view", () => {
    const { placed } = layOut(tree(3_000));
    const seen = inView(placed, { left: 0, top: 10_000, right: 1_200, bottom: 10_800 });
    expect(placed.length).toBeGreaterThan(3_000);
    expect(seen.length).toBeLessThan(60);
    expect(seen.length).toBeGreaterThan(10);
  });

  it("is walked by arrow keys", () => {
    const { placed } = layOut(tree(8));
    const [root] = placed;
    if (root === undefined) throw new Error("empty");
    const child = neighbour(placed, root, "in");
    expect(child?.parent).toBe(root);
    expect(child && neighbour(placed, child, "out")).toBe(root);
    expect(child && neighbour(placed, child, "down")?.level).toBe(1);
    expect(child && neighbour(placed, child, "up")).toBeUndefined();
    expect(neighbour(placed, root, "out")).toBeUndefined();
  });

  it("has lines from parents to children alone", () => {
    const { placed } = layOut(tree(4));
    expect(placed.map(edgePath).filter(Boolean)).toHaveLength(placed.length - 1);
  });
});
