// The fleet: every delivery and source over all clusters, what needs a person first; filter, grouping and order in the address.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useMemo, useRef } from "preact/hooks";
import { useRowFocus } from "../../keys/row-focus.ts";
import { useCommands } from "../../keys/use-commands.ts";
import { Nothing } from "../../parts/nothing.tsx";
import { VirtualList } from "../../parts/virtual-list.tsx";
import { navigate, param, setParams } from "../../route/address.ts";
import { hrefOf } from "../../route/place.ts";
import { allCards } from "../../state/fleet.ts";
import { rowHeight } from "../../state/screen.ts";
import { useTitle } from "../../parts/title.ts";
import { plural } from "../../words/plural.ts";
import { arrange, type Grouping, type Row, type Sorting } from "./arrange.ts";
import { CardRow, GroupRow } from "./fleet-rows.tsx";
import { FleetSummary } from "./fleet-summary.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { FoundObjects } from "./found-objects.tsx";
import { Lately } from "./lately.tsx";

const groupings: readonly Grouping[] = ["none", "cluster", "namespace", "team", "source"];
const sortings: readonly Sorting[] = ["state", "name", "age"];

export function FleetPage(): JSX.Element {
  const closed = useSignal<ReadonlySet<string>>(new Set());
  const view = useComputed(() => ({
    filter: param("q"),
    role: param("show") === "sources" ? ("source" as const) : ("delivery" as const),
    grouping: groupings.find((grouping) => grouping === param("group")) ?? "none",
    sorting: sortings.find((sorting) => sorting === param("sort")) ?? "state",
    closed: closed.value,
  }));
  const arranged = useComputed(() => arrange(allCards.value, view.value));
  const { rows, counts, found } = arranged.value;
  const { role, filter } = view.value;
  useTitle(role === "source" ? "Sources" : "Fleet");
  const input = useRef<HTMLInputElement>(null);
  const keys = useMemo(() => rows.map(keyOfRow), [rows]);
  const focus = useRowFocus(keys, (index) => openRow(rows[index]));
  const { grouping, sorting } = view.value;
  const [nextGrouping, nextSorting] = [after(groupings, grouping), after(sortings, sorting)];
  useCommands([
    { keys: "/", does: "Filter and search", area: "Fleet", run: () => input.current?.select() },
    ...focus.commands,
    {
      keys: "b",
      does: nextGrouping === "none" ? "Do not group" : `Group by ${nextGrouping}`,
      area: "Fleet",
      run: () => setParams({ group: nextGrouping === "none" ? "" : nextGrouping }),
    },
    {
      keys: "x",
      does: `Order by ${sortingWords[nextSorting]}`,
      area: "Fleet",
      run: () => setParams({ sort: nextSorting === "state" ? "" : nextSorting }),
    },
    { keys: "Escape", does: "Clear the filter", area: "Fleet", run: () => leaveFilter(input.current) },
  ]);
  const toggle = (name: string): void => {
    const next = new Set(closed.value);
    if (!next.delete(name)) next.add(name);
    closed.value = next;
  };
  const row = (one: Row, index: number): JSX.Element =>
    one.what === "card" ? (
      <CardRow card={one.card} index={index} grouping={view.value.grouping} />
    ) : (
      <GroupRow row={one} index={index} toggle={toggle} />
    );
  return (
    <div class="fleet">
      <div class="fleet-main">
        <FleetSummary counts={counts} role={role} filter={filter} />
        <FilterBar input={input} view={view.value} />
        {filter !== "" && (
          <p class="found" role="status">
            {plural(found, role === "source" ? "source" : "delivery", role === "source" ? "sources" : "deliveries")} of{" "}
            {counts.total}
          </p>
        )}
        {rows.length > 0 && (
          <div role="table" aria-label={role === "source" ? "Sources" : "Deliveries"} aria-rowcount={rows.length + 1}>
            <Columns role={role} />
            <VirtualList
              items={rows}
              rowHeight={rowHeight.value}
              keyOf={keyOfRow}
              row={row}
              kept={focus.at}
              role="rowgroup"
            />
          </div>
        )}
        {rows.length === 0 && filter === "" && <NoRows role={role} />}
        {rows.length === 0 && filter !== "" && <NoneFound role={role} />}
        <FoundObjects q={filter} />
      </div>
      <Lately />
    </div>
  );
}

const sortingWords: Readonly<Record<Sorting, string>> = {
  state: "what needs you",
  name: "name",
  age: "last change",
};

const keyOfRow = (row: Row): string => (row.what === "card" ? row.card.key : `group ${row.name}`);

function after<T>(list: readonly T[], one: T): T {
  return list[(list.indexOf(one) + 1) % list.length] ?? one;
}

function openRow(row: Row | undefined): void {
  if (row?.what === "card") navigate(hrefOf(row.card));
}

function leaveFilter(input: HTMLInputElement | null): void {
  if (document.activeElement === input) input?.blur();
  else setParams({ q: "" });
}

function Columns({ role }: { role: "delivery" | "source" }): JSX.Element {
  return (
    <div role="row" class="row columns" aria-rowindex={1}>
      <span role="columnheader" class="cell-name">
        {role === "source" ? "Source" : "Delivery"}
      </span>
      <span role="columnheader" class="cell-why">
        State
      </span>
      <span role="columnheader" class="cell-revision">
        Revision
      </span>
      <span role="columnheader" class="cell-objects">
        <span class={role === "source" ? "unseen" : ""}>Objects</span>
      </span>
      <span role="columnheader" class="cell-age">
        Since
      </span>
    </div>
  );
}

/** The filter leaves nothing: what one can type stands below, out of the way of the objects that were found. */
function NoneFound({ role }: { role: "delivery" | "source" }): JSX.Element {
  return (
    <section class="none-found">
      <p>
        No {role} is like that.{" "}
        <button type="button" onClick={() => setParams({ q: "" })}>
          Clear the filter
        </button>
      </p>
      <details>
        <summary class="soft">What can one type?</summary>
        <p>
          Words match names, namespaces, paths, messages, labels and commits. Fields narrow: <code>state:failed</code>,{" "}
          <code>cluster:edge</code>, <code>ns:shop</code>, <code>label:tier=front</code>, <code>author:ada</code>; a
          minus leaves out: <code>-state:ready</code>. Objects are found by <code>kind:</code>, <code>image:</code>,{" "}
          <code>label:</code>, <code>commit:</code>, <code>author:</code> and <code>health:</code> too.
        </p>
      </details>
    </section>
  );
}

function NoRows({ role }: { role: "delivery" | "source" }): JSX.Element {
  return (
    <Nothing title={role === "source" ? "There are no sources yet" : "Nothing is delivered yet"}>
      <p>
        A delivery is a Kustomization or a HelmRelease in the cluster, and takes its content from a source such as a
        GitRepository. Commit one to the repository that Keelson follows, or make one:
      </p>
      <pre>
        keelson create source git fleet --url=https://github.com/you/fleet --branch=main{"\n"}keelson create
        kustomization apps --source=fleet --path=./apps --prune
      </pre>
      <p>It appears here by itself. If you expected some, you may lack the right to list them.</p>
    </Nothing>
  );
}
