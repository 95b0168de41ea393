// The objects of the delivery whose page is open: read once, then kept current by the stream, once a frame.

import { batch, type ReadonlySignal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type ReadError, useResource } from "../../parts/resource.ts";
import { followDelivery } from "../../state/fleet.ts";
import {
  apiPaths,
  type Link,
  linkKey,
  type LogLine,
  type ObjectChanges,
  type Tree,
  type TreeNode,
} from "../../wire/types.ts";

export type TreeState = {
  nodes: readonly TreeNode[] | undefined;
  unlisted: number;
  limits: readonly string[];
  error: ReadError | undefined;
  /** Lines of the log that came since the page was opened. */
  lines: readonly LogLine[];
};

/** Lines that a page keeps; the log itself keeps more. */
const linesMost = 500;

/** The nodes with changes made to them. */
export function withChanges(nodes: readonly TreeNode[], changes: readonly ObjectChanges[]): TreeNode[] {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const { put, removed } of changes) {
    for (const id of removed) byId.delete(id);
    for (const node of put) byId.set(node.id, node);
  }
  return [...byId.values()];
}

export function useTree(link: Link, cause: ReadonlySignal<unknown>): TreeState {
  const answer = useResource<Tree>(apiPaths.objects(link), cause);
  const nodes = useSignal<readonly TreeNode[] | undefined>(undefined);
  const lines = useSignal<readonly LogLine[]>([]);
  useEffect(() => {
    if (answer.value !== undefined) nodes.value = answer.value.nodes;
  }, [answer.value]);
  useEffect(() => {
    let waiting: ObjectChanges[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    const paint = (): void => {
      timer = undefined;
      const changes = waiting;
      waiting = [];
      batch(() => {
        if (nodes.value !== undefined) nodes.value = withChanges(nodes.value, changes);
      });
    };
    const stop = followDelivery(linkKey(link), {
      objects(changes) {
        waiting.push(changes);
        timer ??= setTimeout(paint, 16);
      },
      log: (more) => void (lines.value = [...lines.value, ...more].slice(-linesMost)),
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [linkKey(link)]);
  const { unlisted = 0, limits = [] } = answer.value ?? {};
  return { nodes: nodes.value, unlisted, limits, error: answer.error, lines: lines.value };
}
