// The resource graph: from the delivery to the right. Only what is in view exists in the page; scrolling is the browser's own.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { useCommands } from "../keys/use-commands.ts";
import { Icon } from "../parts/icon.tsx";
import { HealthIcon, HealthLine } from "../parts/mark.tsx";
import { memo } from "../parts/memo.ts";
import { navigate } from "../route/address.ts";
import { hrefOfObject } from "../route/place.ts";
import type { Card, TreeNode } from "../wire/types.ts";
import { pluralKind } from "../words/plural.ts";
import { shortRevision } from "../words/revision.ts";
import { fold } from "./fold.ts";
import { edgePath, inView, layOut, type Move, neighbour, nodeHeight, nodeWidth, type Placed } from "./layout.ts";
import "./graph.css";

const moves: Readonly<Record<string, Move>> = { ArrowUp: "up", ArrowDown: "down", ArrowRight: "in", ArrowLeft: "out" };
const zooms = [0.5, 0.67, 0.8, 1] as const;

export function GraphView({ card, nodes }: { card: Card; nodes: readonly TreeNode[] }): JSX.Element | null {
  const opened = useSignal<ReadonlySet<string>>(new Set());
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const zoom = useSignal<number>(1);
  const at = useSignal(card.key);
  const box = useRef<HTMLDivElement>(null);
  const view = useView(box, zoom.value);
  const layout = useMemo(() => {
    const root = fold(nodes, { opened: opened.value, closed: closed.value });
    return root === undefined ? undefined : layOut(root);
  }, [nodes, opened.value, closed.value]);
  const index = zooms.indexOf(zoom.value as (typeof zooms)[number]);
  const zoomBy = (step: 1 | -1): void => void (zoom.value = zooms[index + step] ?? zoom.value);
  useCommands([
    { keys: "+", does: "Larger", area: "Graph", run: () => zoomBy(1) },
    { keys: "-", does: "Smaller", area: "Graph", run: () => zoomBy(-1) },
    { keys: "j", does: "Into the graph, then arrows", area: "Graph", run: () => box.current?.focus() },
  ]);
  if (layout === undefined) return null;
  const toggle = (placed: Placed): void => {
    const sets = placed.drawn.node === undefined ? opened : closed;
    const next = new Set(sets.value);
    if (!next.delete(placed.drawn.id)) next.add(placed.drawn.id);
    sets.value = next;
  };
  const seen = inView(layout.placed, view);
  const here = layout.placed.find((one) => one.drawn.id === at.value) ?? layout.placed[0];
  const onKeyDown = (event: KeyboardEvent): void => {
    if (here === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    const move = moves[event.key];
    if (move !== undefined) {
      const next = neighbour(layout.placed, here, move);
      if (next !== undefined) reveal(box.current, next, zoom.value);
      at.value = (next ?? here).drawn.id;
    } else if (event.key === "Enter" && here.drawn.node !== undefined) openNode(here.drawn.node, card);
    else if (event.key === " " || event.key === "Enter") toggle(here);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <div class="graph">
      <GraphTools zoom={zoom.value} setZoom={(value) => (zoom.value = value)} />
      <div
        class="graph-box"
        ref={box}
        role="tree"
        aria-label="Resource graph"
        tabIndex={0}
        aria-activedescendant={`node-${here?.drawn.id}`}
        onKeyDown={onKeyDown}
      >
        <div
          class="graph-room"
          role="presentation"
          style={{ width: `${layout.width * zoom.value}px`, height: `${layout.height * zoom.value}px` }}
        >
          <div class="graph-scale" role="presentation" style={{ transform: `scale(${zoom.value})` }}>
            <Edges placed={layout.placed} view={view} width={layout.width} height={layout.height} />
            {seen.map((placed) => (
              <NodeView
                key={placed.drawn.id}
                id={placed.drawn.id}
                node={placed.drawn.node}
                group={placed.drawn.group}
                hidden={placed.drawn.hidden}
                hasChildren={placed.drawn.children.length > 0}
                x={placed.x}
                y={placed.y}
                level={placed.level}
                isHere={placed === here}
                from={card.key}
                toggle={() => toggle(placed)}
              />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function openNode(node: TreeNode, card: Card): void {
  if (node.parent !== null) navigate(hrefOfObject(node, { from: card.key }));
}

/** Scrolls until a node can be seen. */
function reveal(box: HTMLElement | null, { x, y }: Placed, zoom: number): void {
  if (box === null) return;
  const [left, top, right, bottom] = [x * zoom, y * zoom, (x + nodeWidth) * zoom, (y + nodeHeight) * zoom];
  const margin = 40;
  if (left < box.scrollLeft) box.scrollLeft = left - margin;
  if (right > box.scrollLeft + box.clientWidth) box.scrollLeft = right - box.clientWidth + margin;
  if (top < box.scrollTop) box.scrollTop = top - margin;
  if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight + margin;
}

type View = { left: number; top: number; right: number; bottom: number };

/** The part of the graph that the box shows, in the graph's own measure. */
function useView(box: { current: HTMLDivElement | null }, zoom: number): View {
  const shown = useSignal({ left: 0, top: 0, width: 1_600, height: 1_000 });
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = (): void => {
      const { scrollLeft: left, scrollTop: top, clientWidth: width, clientHeight: height } = element;
      const was = shown.peek();
      // A margin is drawn beyond the view, so small movements draw nothing.
      if (
        Math.abs(was.left - left) > 120 ||
        Math.abs(was.top - top) > 120 ||
        was.width !== width ||
        was.height !== height
      )
        shown.value = { left, top, width, height };
    };
    look();
    element.addEventListener("scroll", look, { passive: true });
    const watched = new ResizeObserver(look);
    watched.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      watched.disconnect();
    };
  }, []);
  return scaled(shown.value, zoom);
}

function scaled(
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
  zoom: number,
): View {
  return { left: left / zoom, top: top / zoom, right: (left + width) / zoom, bottom: (top + height) / zoom };
}

function GraphTools({ zoom, setZoom }: { zoom: number; setZoom: (value: number) => void }): JSX.Element {
  const index = zooms.indexOf(zoom as (typeof zooms)[number]);
  return (
    <div class="graph-tools" role="group" aria-label="Size">
      <button
        type="button"
        class="plain"
        aria-label="Smaller"
        disabled={index <= 0}
        onClick={() => setZoom(zooms[index - 1] ?? zoom)}
      >
        <Icon name="minus" />
      </button>
      <button
        type="button"
        class="plain"
        aria-label="Larger"
        disabled={index >= zooms.length - 1}
        onClick={() => setZoom(zooms[index + 1] ?? zoom)}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}

/** Lines reach far: one whose ends are both out of view may cross it. */
function Edges({
  placed,
  view,
  width,
  height,
}: {
  placed: readonly Placed[];
  view: View;
  width: number;
  height: number;
}): JSX.Element {
  const crossing = placed.filter(({ parent, x, y }) => {
    if (parent === undefined) return false;
    const [top, bottom] = [Math.min(parent.y, y), Math.max(parent.y, y) + nodeHeight];
    return bottom > view.top - 300 && top < view.bottom + 300 && x > view.left - 600 && parent.x < view.right + 600;
  });
  return (
    <svg class="edges" width={width} height={height} aria-hidden="true">
      <path d={crossing.map(edgePath).join("")} />
    </svg>
  );
}

type NodeProps = {
  id: string;
  node: TreeNode | undefined;
  group: Placed["drawn"]["group"];
  hidden: number;
  hasChildren: boolean;
  x: number;
  y: number;
  level: number;
  isHere: boolean;
  from: string;
  toggle: () => void;
};

const NodeView = memo(function NodeView(props: NodeProps): JSX.Element {
  const { id, node, group, hidden, hasChildren, x, y, level, isHere } = props;
  const isOpen = group === undefined ? hasChildren : group.isOpen;
  const canOpen = hasChildren || hidden > 0;
  const state =
    node === undefined
      ? "is-group"
      : `is-${node.health}${node.isDrifted ? " is-drifted" : ""}${node.isStated ? "" : " is-grown"}`;
  return (
    <div
      id={`node-${id}`}
      class={`node ${state}${isHere ? " is-here" : ""}`}
      role="treeitem"
      aria-level={level + 1}
      {...(canOpen ? { "aria-expanded": isOpen } : {})}
      aria-selected={isHere}
      style={{ transform: `translate(${x}px, ${y}px)`, width: `${nodeWidth}px`, height: `${nodeHeight}px` }}
    >
      {node === undefined ? <GroupFace {...props} /> : <NodeFace node={node} from={props.from} isRoot={level === 0} />}
      {node !== undefined && canOpen && (
        <button
          type="button"
          class="plain node-more"
          tabIndex={-1}
          aria-label={isOpen ? "Hide what is below" : "Show what is below"}
          onClick={props.toggle}
        >
          {isOpen ? <Icon name="minus" /> : <span class="number">{hidden}</span>}
        </button>
      )}
    </div>
  );
});

function NodeFace({ node, from, isRoot }: { node: TreeNode; from: string; isRoot: boolean }): JSX.Element {
  const more = shortRevision(node.health === "healthy" ? node.info : node.message || node.info);
  return (
    <>
      <HealthIcon health={node.health} isLabelled />
      <div class="node-words">
        {isRoot ? (
          <b>{node.name}</b>
        ) : (
          <a
            href={hrefOfObject(node, { from })}
            tabIndex={-1}
            title={`${node.kind} ${node.namespace === "" ? "" : `${node.namespace}/`}${node.name}`}
          >
            {node.name}
          </a>
        )}
        <span class="soft" title={more}>
          {node.kind}
          {more === "" ? "" : ` · ${more}`}
        </span>
      </div>
      {node.isDrifted && (
        <span class="mark mark-drifted">
          <Icon name="drifted" title="drifted" />
        </span>
      )}
    </>
  );
}

function GroupFace({ group, toggle }: NodeProps): JSX.Element | null {
  if (group === undefined) return null;
  return (
    <button type="button" class="plain group-face" tabIndex={-1} onClick={toggle}>
      <Icon name={group.isOpen ? "minus" : "plus"} />
      <span>{pluralKind(group.count, group.kind)}</span>
      <HealthLine counts={group.counts} />
    </button>
  );
}
