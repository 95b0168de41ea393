// A delivery or source in one line: what it is, how it stands and why, from which commit, how its objects are, since when.

import type { JSX } from "preact";
import { memo } from "../../parts/memo.ts";
import { Icon } from "../../parts/icon.tsx";
import { HealthLine, MarkIcon } from "../../parts/mark.tsx";
import { Age } from "../../parts/when.tsx";
import { hrefOf } from "../../route/place.ts";
import type { Card } from "../../wire/types.ts";
import { type Mark, markOf, marks, whyOf } from "../../words/mark.ts";
import { shortCommit, shortRevision } from "../../words/revision.ts";
import type { Counts, Grouping, Row } from "./arrange.ts";

type CardRowProps = { card: Card; index: number; grouping: Grouping };

export const CardRow = memo(function CardRow({ card, index, grouping }: CardRowProps): JSX.Element {
  const mark = markOf(card);
  const why = whyOf(card);
  return (
    <div role="row" class={`row card-row is-${mark}`} aria-rowindex={index + 2}>
      <span role="cell" class="cell-name">
        <MarkIcon mark={mark} />
        <a href={hrefOf(card)} data-row={index}>
          {card.name}
        </a>
        <span class="soft">
          {grouping === "namespace" ? "" : card.namespace}
          {card.cluster !== "" && grouping !== "cluster" ? ` · ${card.cluster}` : ""}
        </span>
      </span>
      <span role="cell" class="cell-why" title={why}>
        <span class={`state-word text-${mark}`}>{mark}</span>
        {why !== "" && why !== mark && <span class="why">{why}</span>}
        {why === "" && <span class="soft where">{card.role === "source" ? card.url : card.path}</span>}
      </span>
      <span role="cell" class="cell-revision">
        <Revision card={card} />
      </span>
      <span role="cell" class="cell-objects">
        {card.role === "delivery" && card.objects > 0 && (
          <>
            <HealthLine counts={card.health} />
            <span class="number">{card.objects}</span>
          </>
        )}
      </span>
      <span role="cell" class="cell-age">
        <Age atMs={card.changedMs} />
      </span>
    </div>
  );
});

function Revision({ card }: { card: Card }): JSX.Element | null {
  if (card.revision === "") return null;
  if (card.commit === undefined) return <code>{shortRevision(card.revision)}</code>;
  const { id, subject, author } = card.commit;
  return (
    <>
      <code>{card.kind === "HelmRelease" ? shortRevision(card.revision) : shortCommit(id)}</code>
      <span class="subject" title={`${subject}\n${author}`}>
        {subject}
      </span>
    </>
  );
}

type GroupRowProps = { row: Row & { what: "group" }; index: number; toggle: (name: string) => void };

export function GroupRow({ row, index, toggle }: GroupRowProps): JSX.Element {
  return (
    <div role="row" class="row group-row" aria-rowindex={index + 2}>
      <span role="cell">
        <button
          type="button"
          class="plain"
          data-row={index}
          aria-expanded={row.isOpen}
          onClick={() => toggle(row.name)}
        >
          <Icon name="open" />
          <b>{row.name}</b>
        </button>
        <StateCounts counts={row.counts} />
      </span>
    </div>
  );
}

/** `12 ready · 1 failed`, worst first. */
function StateCounts({ counts }: { counts: Counts }): JSX.Element {
  const parts: [Mark, number][] = marks.flatMap((mark) => (counts[mark] === undefined ? [] : [[mark, counts[mark]]]));
  return (
    <span class="state-counts">
      {parts.map(([mark, count]) => (
        <span key={mark} class={mark === "ready" ? "soft" : `text-${mark}`}>
          {count} {mark}
        </span>
      ))}
    </span>
  );
}
