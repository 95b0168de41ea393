// The one field that filters the fleet and searches all objects, with grouping and order beside it.

import type { JSX, RefObject } from "preact";
import { Icon } from "../../parts/icon.tsx";
import { setParams } from "../../route/address.ts";
import type { Arrangement } from "./arrange.ts";

export function FilterBar({
  input,
  view,
}: {
  input: RefObject<HTMLInputElement | null>;
  view: Arrangement;
}): JSX.Element {
  return (
    <div class="filter-bar" role="search">
      <label class="filter">
        <Icon name="search" />
        <span class="unseen">
          Filter deliveries, and search every object by name, kind, image, label, commit or author
        </span>
        <input
          ref={input}
          type="search"
          placeholder="Filter, and search every object: name, image, label, commit, author"
          value={view.filter}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setParams({ q: event.currentTarget.value }, "replace")}
        />
        <kbd>/</kbd>
      </label>
      <label class="pick">
        <span>Group</span>
        <select
          value={view.grouping}
          onChange={(event) => setParams({ group: orDefault(event.currentTarget.value, "none") })}
        >
          <option value="none">none</option>
          <option value="cluster">by cluster</option>
          <option value="namespace">by namespace</option>
          <option value="team">by team</option>
          <option value="source">by source</option>
        </select>
      </label>
      <label class="pick">
        <span>Order</span>
        <select
          value={view.sorting}
          onChange={(event) => setParams({ sort: orDefault(event.currentTarget.value, "state") })}
        >
          <option value="state">what needs you</option>
          <option value="name">name</option>
          <option value="age">last change</option>
        </select>
      </label>
    </div>
  );
}

/** The usual choice is not in the address. */
const orDefault = (value: string, usual: string): string => (value === usual ? "" : value);
