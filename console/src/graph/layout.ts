// Places for the nodes of a drawn tree: one column a level, leaves under each other, a parent beside the first of its children,
// so that one reads from the top left as in a text. Linear in the nodes, so that thousands are placed within a frame and nothing has to be done bit by bit.

import type { Drawn } from "./fold.ts";

export type Placed = { drawn: Drawn; level: number; x: number; y: number; parent: Placed | undefined };

export type Layout = { placed: Placed[]; width: number; height: number };

export const nodeWidth = 248;
export const nodeHeight = 44;
const columnGap = 56;
const rowGap = 8;
/** Between subtrees, so that families are seen. */
const familyGap = 8;

/** Depth beyond which nothing is drawn: owner chains are short, and a hostile one must not overflow the stack. */
const depthMost = 64;

/** Where everything stands; in the order that one reads it. */
export function layOut(root: Drawn): Layout {
  const placed: Placed[] = [];
  let bottom = 0;
  let levels = 0;
  const place = (drawn: Drawn, level: number, parent: Placed | undefined): Placed => {
    const own: Placed = { drawn, level, parent, x: level * (nodeWidth + columnGap), y: bottom };
    placed.push(own);
    levels = Math.max(levels, level + 1);
    const children = level < depthMost ? drawn.children.map((child) => place(child, level + 1, own)) : [];
    if (children.length === 0) bottom += nodeHeight + rowGap;
    else if (children.length > 1) bottom += familyGap;
    return own;
  };
  place(root, 0, undefined);
  return { placed, width: levels * (nodeWidth + columnGap) - columnGap, height: bottom };
}

/** What is in view of a layout, with a margin: only that is drawn. */
export function inView(
  placed: readonly Placed[],
  view: { left: number; top: number; right: number; bottom: number },
): Placed[] {
  const margin = 300;
  const isIn = ({ x, y }: Placed): boolean =>
    x + nodeWidth > view.left - margin &&
    x < view.right + margin &&
    y + nodeHeight > view.top - margin &&
    y < view.bottom + margin;
  return placed.filter(isIn);
}

/** The line from a parent to its child. */
export function edgePath({ parent, x, y }: Placed): string {
  if (parent === undefined) return "";
  const [fromX, fromY] = [parent.x + nodeWidth, parent.y + nodeHeight / 2];
  const toY = y + nodeHeight / 2;
  const middle = fromX + (x - fromX) / 2;
  return `M${fromX} ${fromY}C${middle} ${fromY} ${middle} ${toY} ${x} ${toY}`;
}

export type Move = "up" | "down" | "in" | "out";

/** The node that an arrow key leads to: up and down within a column, in to the first child, out to the parent. */
export function neighbour(placed: readonly Placed[], from: Placed, move: Move): Placed | undefined {
  if (move === "out") return from.parent;
  if (move === "in") return placed.find((one) => one.parent === from);
  const column = placed.filter((one) => one.level === from.level);
  return column[column.indexOf(from) + (move === "down" ? 1 : -1)];
}
