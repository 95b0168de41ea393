// The resource graph as a tree to draw: many objects of one kind below one parent stand as one group until it is opened, and
// what is unhealthy or has drifted never hides in one.

import { healths } from "../words/mark.ts";
import type { Health, TreeNode } from "../wire/types.ts";

export type Drawn = {
  id: string;
  /** undefined: a group. */
  node: TreeNode | undefined;
  group: Group | undefined;
  children: Drawn[];
  /** Objects below that are not drawn. */
  hidden: number;
};

export type Group = { kind: string; count: number; counts: Partial<Record<Health, number>>; isOpen: boolean };

/** More of one kind than this below one parent become a group: about what fits a screen beside the other kinds. */
const siblingsMost = 6;

export type FoldOptions = {
  /** Ids of groups that were opened, and of nodes that were closed. */
  opened: ReadonlySet<string>;
  closed: ReadonlySet<string>;
};

/** The tree below the one node without a parent in the list. */
export function fold(nodes: readonly TreeNode[], { opened, closed }: FoldOptions): Drawn | undefined {
  const known = new Set(nodes.map((node) => node.id));
  const below = new Map<string, TreeNode[]>();
  let root: TreeNode | undefined;
  for (const node of nodes) {
    if (node.parent === null) {
      root ??= node;
      continue;
    }
    // What hangs below something unknown hangs below the delivery: nothing is lost from sight.
    const parent = known.has(node.parent) && node.parent !== node.id ? node.parent : "";
    const siblings = below.get(parent);
    if (siblings === undefined) below.set(parent, [node]);
    else siblings.push(node);
  }
  if (root === undefined) return undefined;
  const strays = below.get("") ?? [];
  if (strays.length > 0) below.set(root.id, [...(below.get(root.id) ?? []), ...strays]);
  return drawn(root, { below, opened, closed, path: new Set() });
}

type Walk = FoldOptions & { below: ReadonlyMap<string, TreeNode[]>; path: ReadonlySet<string> };

function drawn(node: TreeNode, walk: Walk): Drawn {
  const children = walk.path.has(node.id) ? [] : (walk.below.get(node.id) ?? []);
  const path = new Set([...walk.path, node.id]);
  if (walk.closed.has(node.id))
    return { id: node.id, node, group: undefined, children: [], hidden: countBelow(children, walk) };
  return {
    id: node.id,
    node,
    group: undefined,
    hidden: 0,
    children: foldSiblings(node.id, children, { ...walk, path }),
  };
}

function foldSiblings(parent: string, children: readonly TreeNode[], walk: Walk): Drawn[] {
  const kinds = new Map<string, TreeNode[]>();
  for (const child of children) {
    const same = kinds.get(child.kind);
    if (same === undefined) kinds.set(child.kind, [child]);
    else same.push(child);
  }
  const result: Drawn[] = [];
  for (const [kind, same] of [...kinds].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const sorted = [...same].sort(worstFirst);
    const id = `${parent}|${kind}`;
    if (sorted.length <= siblingsMost) {
      result.push(...sorted.map((node) => drawn(node, walk)));
      continue;
    }
    const isOpen = walk.opened.has(id);
    const [loud, quiet] = [sorted.filter(isLoud), sorted.filter((node) => !isLoud(node))];
    if (!isOpen) result.push(...loud.slice(0, siblingsMost).map((node) => drawn(node, walk)));
    const rest = isOpen ? sorted : [...loud.slice(siblingsMost), ...quiet];
    result.push(groupOf({ id, kind, isOpen }, rest, walk));
  }
  return result;
}

type GroupName = { id: string; kind: string; isOpen: boolean };

function groupOf({ id, kind, isOpen }: GroupName, nodes: readonly TreeNode[], walk: Walk): Drawn {
  const counts: Partial<Record<Health, number>> = {};
  for (const node of nodes) counts[node.health] = (counts[node.health] ?? 0) + 1;
  const group: Group = { kind, count: nodes.length, counts, isOpen };
  const children = isOpen ? nodes.map((node) => drawn(node, walk)) : [];
  return { id, node: undefined, group, children, hidden: isOpen ? 0 : nodes.length };
}

/** What a person should see without opening anything. */
function isLoud(node: TreeNode): boolean {
  return node.isDrifted || node.health === "degraded" || node.health === "missing" || node.health === "progressing";
}

function worstFirst(a: TreeNode, b: TreeNode): number {
  const rank = (node: TreeNode): number => healths.indexOf(node.health) - (node.isDrifted ? 10 : 0);
  return (
    rank(a) - rank(b) || (a.namespace < b.namespace ? -1 : a.namespace > b.namespace ? 1 : a.name < b.name ? -1 : 1)
  );
}

function countBelow(children: readonly TreeNode[], walk: Walk): number {
  let count = children.length;
  for (const child of children) {
    if (!walk.path.has(child.id))
      count += countBelow(walk.below.get(child.id) ?? [], { ...walk, path: new Set([...walk.path, child.id]) });
  }
  return count;
}
