// The objects of a delivery, one a row, what is not well first.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { useRowFocus } from "../../keys/row-focus.ts";
import { useCommands } from "../../keys/use-commands.ts";
import { Icon } from "../../parts/icon.tsx";
import { HealthIcon } from "../../parts/mark.tsx";
import { VirtualList } from "../../parts/virtual-list.tsx";
import { Age } from "../../parts/when.tsx";
import { navigate } from "../../route/address.ts";
import { hrefOfObject } from "../../route/place.ts";
import { lineHeight } from "../../state/screen.ts";
import type { TreeNode } from "../../wire/types.ts";
import { healths } from "../../words/mark.ts";

export function ObjectList({ from, nodes }: { from: string; nodes: readonly TreeNode[] }): JSX.Element {
  const sorted = useMemo(() => [...nodes].sort(worstFirst), [nodes]);
  const keys = useMemo(() => sorted.map((node) => node.id), [sorted]);
  const focus = useRowFocus(keys, (index) => {
    const node = sorted[index];
    if (node !== undefined) navigate(hrefOfObject(node, { from }));
  });
  useCommands(focus.commands);
  return (
    <div role="table" aria-label="Objects" aria-rowcount={sorted.length + 1}>
      <div role="row" class="object-row columns" aria-rowindex={1}>
        <span role="columnheader">Kind</span>
        <span role="columnheader">Name</span>
        <span role="columnheader">Namespace</span>
        <span role="columnheader">State</span>
        <span role="columnheader" class="cell-age">
          Age
        </span>
      </div>
      <VirtualList
        items={sorted}
        rowHeight={lineHeight.value}
        keyOf={(node) => node.id}
        kept={focus.at}
        row={(node, index) => <ObjectRow node={node} index={index} from={from} />}
        role="rowgroup"
      />
    </div>
  );
}

function ObjectRow({ node, index, from }: { node: TreeNode; index: number; from: string }): JSX.Element {
  return (
    <div role="row" class="object-row" aria-rowindex={index + 2}>
      <span role="cell" class="object-kind">
        <HealthIcon health={node.health} isLabelled />
        <span class="soft">{node.kind}</span>
      </span>
      <span role="cell" class="object-name">
        <a href={hrefOfObject(node, { from })} data-row={index}>
          {node.name}
        </a>
        {!node.isStated && <small title="Not in Git: it grew from an object that is"> grown</small>}
      </span>
      <span role="cell" class="soft">
        {node.namespace}
      </span>
      <span role="cell" class="object-state" title={node.message}>
        {node.isDrifted && (
          <span class="text-drifted">
            <Icon name="drifted" /> drifted
          </span>
        )}
        {node.health === "healthy" ? (
          <span class="soft">{node.info}</span>
        ) : (
          <span>{node.message || node.info || node.health}</span>
        )}
      </span>
      <span role="cell" class="cell-age">
        <Age atMs={node.createdMs} />
      </span>
    </div>
  );
}

function worstFirst(a: TreeNode, b: TreeNode): number {
  const rank = (node: TreeNode): number => healths.indexOf(node.health) - (node.isDrifted ? 10 : 0);
  const text = (node: TreeNode): string => `${node.kind} ${node.namespace} ${node.name}`;
  return rank(a) - rank(b) || (text(a) < text(b) ? -1 : 1);
}
