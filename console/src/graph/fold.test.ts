import { describe, expect, it } from "vitest";
import { nodeOf } from "../wire/samples.ts";
import type { TreeNode } from "../wire/types.ts";
import { type Drawn, fold } from "./fold.ts";

const root = nodeOf({ id: "apps", kind: "Kustomization", parent: null });
const some = (count: number, kind: string, parent: string, change: Partial<TreeNode> = {}): TreeNode[] =>
  Array.from({ length: count }, (_, index) => nodeOf({ id: `${kind}${index}`, kind, parent, ...change }));

function show(drawn: Drawn | undefined, depth = 0): string[] {
  if (drawn === undefined) return [];
  const name =
    drawn.group === undefined
      ? drawn.id
      : `${drawn.group.count} ${drawn.group.kind}${drawn.group.isOpen ? " open" : ""}`;
  const hidden = drawn.group === undefined && drawn.hidden > 0 ? ` +${drawn.hidden}` : "";
  return [`${"  ".repeat(depth)}${name}${hidden}`, ...drawn.children.flatMap((child) => show(child, depth + 1))];
}

const shut = { opened: new Set<string>(), closed: new Set<string>() };

describe("a resource graph", () => {
  it("draws few objects one by one", () =>
    expect(show(fold([root, ...some(2, "Secret", "apps"), ...some(1, "Pod", "Secret0")], shut))).toEqual([
      "apps",
      "  Secret0",
      "    Pod0",
      "  Secret1",
    ]));

  it("folds many of one kind, and leaves what is not well outside", () => {
    const nodes = [
      root,
      ...some(40, "Pod", "apps"),
      nodeOf({ id: "bad", kind: "Pod", parent: "apps", health: "degraded" }),
    ];
    expect(show(fold(nodes, shut))).toEqual(["apps", "  bad", "  40 Pod"]);
  });

  it("opens a group in place", () => {
    const opened = show(fold([root, ...some(8, "Pod", "apps")], { ...shut, opened: new Set(["apps|Pod"]) }));
    expect(opened.slice(0, 3)).toEqual(["apps", "  8 Pod open", "    Pod0"]);
    expect(opened).toHaveLength(10);
  });

  it("closes a node and says how much is below", () =>
    expect(
      show(fold([root, ...some(1, "Set", "apps"), ...some(3, "Pod", "Set0")], { ...shut, closed: new Set(["apps"]) })),
    ).toEqual(["apps +4"]));

  it("keeps what hangs below something unknown", () =>
    expect(show(fold([root, ...some(1, "Pod", "nobody")], shut))).toEqual(["apps", "  Pod0"]));

  it("ends where owners go in a circle", () => {
    const circle = [nodeOf({ id: "a", parent: "b" }), nodeOf({ id: "b", parent: "a" })];
    expect(show(fold([root, ...circle], shut))).toEqual(["apps"]);
    expect(show(fold([root, nodeOf({ id: "self", parent: "self" })], shut))).toEqual(["apps", "  self"]);
  });
});
