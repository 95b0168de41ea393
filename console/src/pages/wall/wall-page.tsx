// The big screen: how the fleet is, legible from across a room, without a mouse. What needs a person stands there in words.

import type { JSX } from "preact";
import { useCommands } from "../../keys/use-commands.ts";
import { MarkIcon } from "../../parts/mark.tsx";
import { useTitle } from "../../parts/title.ts";
import { Age, Clock } from "../../parts/when.tsx";
import { navigate } from "../../route/address.ts";
import { hrefOf } from "../../route/place.ts";
import { allCards, connection, happenings, isLoaded } from "../../state/fleet.ts";
import { now } from "../../state/now.ts";
import type { Card } from "../../wire/types.ts";
import { type Mark, markOf, marks, whyOf } from "../../words/mark.ts";
import { shortRevision } from "../../words/revision.ts";
import { type Counts, countsOf } from "../fleet/arrange.ts";
import "./wall.css";

/** Rows of trouble that fit a television; the rest is counted. */
const troublesMost = 9;
const latelyMost = 9;
const calm: ReadonlySet<Mark> = new Set(["ready", "suspended"]);

export function WallPage(): JSX.Element {
  useTitle("Big screen");
  useCommands([{ keys: "Escape", does: "Leave the big screen", area: "Big screen", run: () => navigate("/") }]);
  const deliveries = allCards.value.filter((card) => card.role === "delivery");
  const counts = countsOf(deliveries);
  const rank = (card: Card): number => marks.indexOf(markOf(card));
  const troubles = deliveries
    .filter((card) => !calm.has(markOf(card)))
    .sort((a, b) => rank(a) - rank(b) || b.changedMs - a.changedMs);
  return (
    <main class="wall" id="content">
      <header>
        <h1 tabIndex={-1}>{isLoaded.value ? words(counts.total, troubles.length) : "Reading the fleet…"}</h1>
        <p class={`live live-${connection.value.state}`}>
          <Clock atMs={now.value} />
        </p>
      </header>
      {isLoaded.value && <Standing deliveries={deliveries} counts={counts} troubles={troubles} />}
    </main>
  );
}

type StandingProps = { deliveries: readonly Card[]; counts: Counts; troubles: readonly Card[] };

/** Drawn once it is known: what comes later would push what one already reads. */
function Standing({ deliveries, counts, troubles }: StandingProps): JSX.Element {
  return (
    <>
      <ul class="wall-counts">
        {marks.map((mark) => (
          <li key={mark} class={(counts[mark] ?? 0) === 0 ? "is-none" : ""}>
            <b class={`text-${mark}`}>{counts[mark] ?? 0}</b>
            <span>{mark}</span>
          </li>
        ))}
      </ul>
      <div class="wall-columns">
        <section aria-label="What needs attention">
          <h2>{troubles.length === 0 ? "Nothing needs you" : "Needs attention"}</h2>
          <ul class="wall-troubles">
            {troubles.slice(0, troublesMost).map((card) => (
              <li key={card.key}>
                <MarkIcon mark={markOf(card)} isLabelled />
                <a href={hrefOf(card)}>{card.name}</a>
                <span class="soft">{card.cluster || card.namespace}</span>
                <Age atMs={card.changedMs} />
                <p>{shortRevision(whyOf(card))}</p>
              </li>
            ))}
          </ul>
          {troubles.length > troublesMost && <p class="soft">and {troubles.length - troublesMost} more</p>}
          {troubles.length === 0 && <Mosaic cards={deliveries} />}
        </section>
        <section aria-label="Lately">
          <h2>Lately</h2>
          <ul class="wall-lately">
            {happenings.value.slice(0, latelyMost).map((one) => (
              <li key={one.key}>
                <Age atMs={one.atMs} />
                <b>{one.about.name}</b> <span class={one.isBad ? "text-failed" : "soft"}>{one.reason}</span>
                <p>{shortRevision(one.message)}</p>
              </li>
            ))}
          </ul>
        </section>
      </div>
    </>
  );
}

function words(total: number, troubles: number): string {
  if (total === 0) return "Nothing is delivered";
  return troubles === 0 ? "All is well" : `${troubles} of ${total} need attention`;
}

/** Deliveries that the mosaic draws one by one. */
const tilesMost = 600;

/** A quiet picture of a fleet that is well: one small tile a delivery. */
function Mosaic({ cards }: { cards: readonly Card[] }): JSX.Element {
  return (
    <div class="mosaic" aria-hidden="true">
      {cards.slice(0, tilesMost).map((card) => (
        <span key={card.key} class={`fill-${markOf(card)}`} title={card.name} />
      ))}
    </div>
  );
}
