// Objects that the words in the filter are found in, over all deliveries; the server searches.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect } from "preact/hooks";
import { HealthIcon } from "../../parts/mark.tsx";
import { useResource } from "../../parts/resource.ts";
import { hrefOfObject } from "../../route/place.ts";
import { cards } from "../../state/fleet.ts";
import { apiPaths, type SearchAnswer, type SearchHit } from "../../wire/types.ts";
import { plural } from "../../words/plural.ts";

/** Hits shown at first, and how many more each time. */
const pageOfHits = 50;
const pauseMs = 150;

/** A fleet that changes is searched again, this often at most: a search looks at every object. */
const paceMs = 3_000;

export function FoundObjects({ q }: { q: string }): JSX.Element | null {
  const settled = useSettled(q.trim());
  const limit = useSignal(pageOfHits);
  const { value, error } = useResource<SearchAnswer>(
    settled.length < 2 ? "" : apiPaths.search({ q: settled, limit: limit.value }),
    cards,
    paceMs,
  );
  if (q.trim().length < 2) return null;
  if (error !== undefined) return <p class="found">Objects could not be searched: {error.message}</p>;
  const hits = value?.hits.filter((hit) => hit.role === "object") ?? [];
  if (value === undefined || hits.length === 0) return null;
  return (
    <section class="found-objects" aria-label="Objects found">
      <h2>
        Objects <small>{plural(value.total, "match", "matches")}</small>
      </h2>
      <ul>
        {hits.map((hit) => (
          <HitRow key={`${hit.cluster ?? ""}/${hit.group}/${hit.kind}/${hit.namespace}/${hit.name}`} hit={hit} />
        ))}
      </ul>
      {value.total > value.hits.length && (
        <button type="button" onClick={() => (limit.value += pageOfHits)}>
          Show more
        </button>
      )}
    </section>
  );
}

function HitRow({ hit }: { hit: SearchHit }): JSX.Element {
  return (
    <li>
      <HealthIcon health={hit.health} isLabelled />
      <span class="soft kind">{hit.kind}</span>
      <a href={hrefOfObject(hit, { from: hit.owner })}>{hit.name}</a>
      <span class="soft">{hit.namespace}</span>
      <span class="soft matched">{hit.matched}</span>
    </li>
  );
}

/** The text once nobody has typed for a moment. */
function useSettled(text: string): string {
  const settled = useSignal(text);
  useEffect(() => {
    const timer = setTimeout(() => (settled.value = text), pauseMs);
    return () => clearTimeout(timer);
  }, [text]);
  return settled.value;
}
