// All deliveries and sources, and what happened lately.

import type { JSX } from "preact";
import type { Card } from "./api.ts";
import { deliveries, happenings, sources } from "./fleet.ts";
import { Happenings } from "./happenings.tsx";
import { markOf, wordsOf } from "./mark.ts";
import { hrefOf } from "./route.ts";

export function FrontPage(): JSX.Element {
  return (
    <div class="columns">
      <div>
        <Cards title="Deliveries" cards={deliveries.value} />
        <Cards title="Sources" cards={sources.value} />
      </div>
      <section>
        <h2>Lately</h2>
        <Happenings list={happenings.value.slice(0, 14)} isNamed />
      </section>
    </div>
  );
}

function Cards({ title, cards }: { title: string; cards: readonly Card[] }): JSX.Element {
  const ready = cards.filter((card) => markOf(card) === "ready").length;
  return (
    <section>
      <h2>
        {title} <small>{cards.length === 0 ? "none yet" : `${ready} of ${cards.length} ready`}</small>
      </h2>
      <ul class="cards">
        {cards.map((card) => (
          <li key={card.key} class={markOf(card)}>
            <a href={hrefOf(card)}>
              <span class="dot" title={markOf(card)} />
              <span class="name">{card.name}</span>
              <span class="aside">{card.role === "delivery" ? card.path : card.url}</span>
              <code>{card.revision}</code>
              <span class="count">{card.objects > 0 ? `${card.objects} objects` : ""}</span>
              <span class="words">{wordsOf(card)}</span>
            </a>
          </li>
        ))}
      </ul>
    </section>
  );
}
