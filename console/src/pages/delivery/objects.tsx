// What a delivery holds, as a graph or as a list; filtered by words and by health.

import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { GraphView } from "../../graph/graph-view.tsx";
import { useCommands } from "../../keys/use-commands.ts";
import { Icon } from "../../parts/icon.tsx";
import { HealthIcon } from "../../parts/mark.tsx";
import { Awaiting, Nothing, Trouble } from "../../parts/nothing.tsx";
import { param, setParams } from "../../route/address.ts";
import { isNarrow } from "../../state/screen.ts";
import type { Card, Health, TreeNode } from "../../wire/types.ts";
import { healths } from "../../words/mark.ts";
import { plural } from "../../words/plural.ts";
import { ObjectList } from "./object-list.tsx";
import type { TreeState } from "./tree-state.ts";

const views = ["graph", "list"] as const;
type View = (typeof views)[number];

export function Objects({ card, tree }: { card: Card; tree: TreeState }): JSX.Element {
  const input = useRef<HTMLInputElement>(null);
  // A graph needs room: on a phone the list comes first.
  const usual: View = isNarrow.value ? "list" : "graph";
  const isList = (views.find((view) => view === param("view")) ?? usual) === "list";
  const view = (name: View) => (): void => setParams({ view: name === usual ? "" : name });
  const other: View = isList ? "graph" : "list";
  useCommands([
    { keys: "/", does: "Filter the objects", area: "Objects", run: () => input.current?.select() },
    { keys: "v", does: `Show the ${other}`, area: "Objects", run: view(other) },
  ]);
  if (tree.nodes === undefined)
    return tree.error === undefined ? <Awaiting what="Reading the objects" /> : <Trouble error={tree.error} />;
  const [text, health] = [param("find").toLowerCase(), param("health")];
  const shown = filtered(tree.nodes, text, health);
  return (
    <div class="objects">
      <div class="objects-bar">
        <div class="two" role="group" aria-label="How the objects are shown">
          <button type="button" class="plain" aria-pressed={!isList} onClick={view("graph")}>
            <Icon name="graph" /> Graph
          </button>
          <button type="button" class="plain" aria-pressed={isList} onClick={view("list")}>
            <Icon name="list" /> List
          </button>
        </div>
        <label class="filter">
          <Icon name="search" />
          <span class="unseen">Filter the objects by kind, name, namespace or image</span>
          <input
            ref={input}
            type="search"
            placeholder="Kind, name, namespace, image"
            value={param("find")}
            autocomplete="off"
            spellcheck={false}
            onInput={(event) => setParams({ find: event.currentTarget.value }, "replace")}
          />
        </label>
        <HealthButtons nodes={tree.nodes} chosen={health} />
      </div>
      <Shown card={card} nodes={tree.nodes} shown={shown} isList={isList} isFiltered={text !== "" || health !== ""} />
      {tree.unlisted > 0 && <p class="soft">{plural(tree.unlisted, "object")} more are not listed.</p>}
      {tree.limits.map((limit) => (
        <p key={limit} class="soft">
          {limit}
        </p>
      ))}
    </div>
  );
}

type ShownProps = {
  card: Card;
  nodes: readonly TreeNode[];
  shown: readonly TreeNode[];
  isList: boolean;
  isFiltered: boolean;
};

function Shown({ card, nodes, shown, isList, isFiltered }: ShownProps): JSX.Element {
  if (nodes.length <= 1)
    return (
      <Nothing title="It holds nothing">
        <p>
          Nothing was applied yet, or its path in Git holds no objects. “Why” says what it waits for; “Plan” what it
          would do.
        </p>
      </Nothing>
    );
  if (isFiltered && shown.length <= 1)
    return (
      <Nothing title="No object is like that">
        <button type="button" onClick={() => setParams({ find: "", health: "" })}>
          Show all
        </button>
      </Nothing>
    );
  return isList ? (
    <ObjectList from={card.key} nodes={shown.filter((node) => node.parent !== null)} />
  ) : (
    <GraphView card={card} nodes={shown} />
  );
}

/** The nodes that are asked for, with all that they hang below. */
export function filtered(nodes: readonly TreeNode[], text: string, health: string): readonly TreeNode[] {
  if (text === "" && health === "") return nodes;
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const kept = new Set<TreeNode>();
  for (const node of nodes) {
    const words = `${node.kind} ${node.name} ${node.namespace} ${node.info} ${node.images.join(" ")}`.toLowerCase();
    const isAsked = node.parent !== null && words.includes(text) && (health === "" || judge(node, health));
    if (!isAsked && node.parent !== null) continue;
    for (let at: TreeNode | undefined = node; at !== undefined && !kept.has(at); at = byId.get(at.parent ?? ""))
      kept.add(at);
  }
  return nodes.filter((node) => kept.has(node));
}

const judge = (node: TreeNode, health: string): boolean =>
  health === "drifted" ? node.isDrifted : node.health === health;

function HealthButtons({ nodes, chosen }: { nodes: readonly TreeNode[]; chosen: string }): JSX.Element {
  const counts = new Map<Health, number>();
  for (const node of nodes) if (node.parent !== null) counts.set(node.health, (counts.get(node.health) ?? 0) + 1);
  const drifted = nodes.filter((node) => node.isDrifted && node.parent !== null).length;
  const choose = (name: string) => (): void => setParams({ health: chosen === name ? "" : name });
  return (
    <div class="state-buttons" role="group" aria-label="Filter by health">
      {drifted > 0 && (
        <button
          type="button"
          class="plain text-drifted"
          aria-pressed={chosen === "drifted"}
          onClick={choose("drifted")}
        >
          <Icon name="drifted" /> {drifted} drifted
        </button>
      )}
      {healths
        .filter((health) => counts.has(health))
        .map((health) => (
          <button key={health} type="button" class="plain" aria-pressed={chosen === health} onClick={choose(health)}>
            <HealthIcon health={health} /> {counts.get(health)} {health}
          </button>
        ))}
    </div>
  );
}
