// How a delivery stands, in one sentence; from which commit; and what to do where something is to be done.

import type { JSX } from "preact";
import { FieldList } from "../../parts/field-list.tsx";
import { CommitLine } from "../../parts/commit.tsx";
import { HealthLine, MarkIcon } from "../../parts/mark.tsx";
import { Ago } from "../../parts/when.tsx";
import { hrefOf, hrefOfObject } from "../../route/place.ts";
import type { Card, DeliveryPage } from "../../wire/types.ts";
import { markOf, meaningOf, whyOf } from "../../words/mark.ts";
import { plural } from "../../words/plural.ts";
import { shortRevision } from "../../words/revision.ts";

export function DeliveryHeading({ card, page }: { card: Card; page: DeliveryPage | undefined }): JSX.Element {
  const mark = markOf(card);
  return (
    <header class="heading">
      <p class="crumbs">
        <a href={card.role === "source" ? "/?show=sources" : "/"}>{card.role === "source" ? "Sources" : "Fleet"}</a> /{" "}
        {card.namespace} / {card.kind}
      </p>
      <h1 tabIndex={-1}>
        <MarkIcon mark={mark} />
        {card.name}
      </h1>
      <p class={`verdict text-${mark}`}>
        <b>{mark}</b>
        {card.changedMs > 0 && (
          <span class="soft">
            since <Ago atMs={card.changedMs} />
          </span>
        )}
      </p>
      <Sentence card={card} page={page} />
      <dl class="about">
        <Revision card={card} />
        {card.source !== undefined && (
          <div>
            <dt>From</dt>
            <dd>
              <a href={hrefOf(card.source)}>{card.source.name}</a> <code>{card.path}</code>
            </dd>
          </div>
        )}
        {card.url !== "" && (
          <div>
            <dt>From</dt>
            <dd>
              <code>{card.url}</code>
            </dd>
          </div>
        )}
        {card.cluster !== "" && (
          <div>
            <dt>To</dt>
            <dd>{card.cluster}</dd>
          </div>
        )}
        {card.role === "delivery" && (
          <div>
            <dt>Holds</dt>
            <dd class="holds">
              {plural(card.objects, "object")} {card.objects > 0 && <HealthLine counts={card.health} />}
            </dd>
          </div>
        )}
      </dl>
    </header>
  );
}

function Revision({ card }: { card: Card }): JSX.Element {
  return (
    <div>
      <dt>Runs</dt>
      <dd>
        {(card.commit === undefined || card.kind === "HelmRelease") && (
          <code>{shortRevision(card.revision) || "nothing yet"}</code>
        )}{" "}
        {card.commit !== undefined && <CommitLine commit={card.commit} />}
      </dd>
    </div>
  );
}

/** Why it stands as it does, and what to do about it. */
function Sentence({ card, page }: { card: Card; page: DeliveryPage | undefined }): JSX.Element {
  const mark = markOf(card);
  const advice = page?.conditions.find((condition) => condition.advice !== "")?.advice ?? "";
  if (mark === "drifted") return <Drift card={card} />;
  return (
    <div class="sentence">
      <p>{shortRevision(whyOf(card)) || meaningOf[mark]}</p>
      {advice !== "" && mark !== "ready" && <p class="advice">{advice}</p>}
    </div>
  );
}

/** What differs, and by whom. */
function Drift({ card }: { card: Card }): JSX.Element {
  return (
    <div class="sentence">
      <p>{meaningOf.drifted}</p>
      <ul class="drifts">
        {card.drift.map((drift) => (
          <li key={`${drift.object.kind}/${drift.object.namespace}/${drift.object.name}`}>
            <a href={hrefOfObject(drift.object, { from: card.key })}>
              {drift.object.kind} {drift.object.name}
            </a>
            <FieldList fields={drift.fields} />
            {drift.by.length > 0 && <span class="soft">by {drift.by.join(", ")}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}
