// Why it stands as it does: what it waits for, link by link, and its conditions in plain words with what to do.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { MarkIcon } from "../../parts/mark.tsx";
import { Ago } from "../../parts/when.tsx";
import { hrefOf } from "../../route/place.ts";
import { type Card, type ChainLink, type ConditionView, type DeliveryPage, parseLinkKey } from "../../wire/types.ts";
import type { Mark } from "../../words/mark.ts";
import { shortRevision } from "../../words/revision.ts";

export function Why({ card, page }: { card: Card; page: DeliveryPage }): JSX.Element {
  return (
    <div class="why-columns">
      <section>
        <h2>{card.role === "source" ? "Who reads it" : "What it waits for"}</h2>
        <Chain card={card} chain={page.chain} />
      </section>
      <section>
        <h2>Conditions</h2>
        {page.conditions.length === 0 && <p class="soft">None yet: nobody has looked at it.</p>}
        <Conditions conditions={page.conditions} />
      </section>
    </div>
  );
}

/** How many conditions are drawn at first and with each wish for more: any controller's object has fewer. */
const portion = 100;

function Conditions({ conditions }: { conditions: readonly ConditionView[] }): JSX.Element {
  const [shown, setShown] = useState(portion);
  return (
    <>
      <ul class="conditions">
        {conditions.slice(0, shown).map((condition) => (
          <Condition key={condition.type} condition={condition} />
        ))}
      </ul>
      {conditions.length > shown && (
        <button type="button" onClick={() => setShown(shown + portion)}>
          Show more of {conditions.length}
        </button>
      )}
    </>
  );
}

/** Conditions that are bad when they are true. */
const bad: ReadonlySet<string> = new Set(["Stalled", "Drifted", "Held"]);

function Condition({ condition }: { condition: ConditionView }): JSX.Element {
  const { type, status, reason, message, sinceMs, advice } = condition;
  const isBad = bad.has(type) ? status === "True" : status === "False" && type !== "Reconciling";
  return (
    <li>
      <p class="condition-head">
        <b>{type}</b> <span class={isBad ? "text-failed" : "soft"}>{status}</span> <span class="soft">{reason}</span>
        <span class="soft condition-since">
          <Ago atMs={sinceMs} />
        </span>
      </p>
      {advice !== "" && <p class="advice">{advice}</p>}
      <p class="condition-words">{shortRevision(message)}</p>
    </li>
  );
}

const markOfState: Readonly<Record<ChainLink["state"], Mark>> = {
  ready: "ready",
  waiting: "waiting",
  failed: "failed",
  suspended: "suspended",
  held: "held",
  absent: "failed",
  cyclic: "failed",
};

function Chain({ card, chain }: { card: Card; chain: readonly ChainLink[] }): JSX.Element {
  const others = chain.filter((link) => link.key !== card.key);
  const own = chain.find((link) => link.key === card.key);
  if (others.length === 0)
    return (
      <p class="soft">
        {card.role === "source"
          ? "No delivery takes its content from here."
          : "Nothing: it depends on no other delivery."}
      </p>
    );
  return (
    <>
      {own !== undefined && own.because !== "" && <p class="chain-own">{own.because}</p>}
      <ol class="chain">
        {others.map((link) => (
          <ChainRow key={link.key} link={link} />
        ))}
      </ol>
    </>
  );
}

function ChainRow({ link }: { link: ChainLink }): JSX.Element {
  const parsed = parseLinkKey(link.key);
  return (
    <li>
      <MarkIcon mark={markOfState[link.state]} />
      <div>
        <p>
          {parsed === undefined ? link.key : <a href={hrefOf(parsed)}>{parsed.name}</a>}{" "}
          <span class="soft">
            {parsed?.kind} {link.state}
          </span>
        </p>
        {link.because !== "" && <p class="soft">{link.because}</p>}
      </div>
    </li>
  );
}
