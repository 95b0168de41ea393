// One delivery or source: how it stands, what it holds, what happened to it, and what one can ask of it.

import { type Signal, useComputed, useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { act, type Action, type Card, type Detail, type Link, type ObjectView, readDetail } from "./api.ts";
import { cards } from "./fleet.ts";
import { Happenings } from "./happenings.tsx";
import { markOf, wordsOf } from "./mark.ts";
import { hrefOf } from "./route.ts";

/** Health changes without a change of the delivery itself, so an open page looks again now and then. */
const refreshMs = 2_000;

export function DetailPage({ link }: { link: Link }): JSX.Element {
  const detail = useSignal<Detail | undefined>(undefined);
  const problem = useSignal("");
  const key = `${link.kind}/${link.namespace}/${link.name}`;
  const current = useComputed(() => cards.value.get(key));
  useSignalEffect(() => {
    // Read, so that each change of the card reads the rest again.
    void current.value;
    return refresh(link, detail, problem);
  });
  const card = current.value ?? detail.value?.card;
  if (card === undefined) return <p class="empty">{problem.value === "" ? "Reading…" : problem.value}</p>;
  return (
    <>
      <Heading card={card} problem={problem} />
      {detail.value !== undefined && <Body detail={detail.value} />}
    </>
  );
}

function refresh(link: Link, detail: Signal<Detail | undefined>, problem: Signal<string>): () => void {
  let isOver = false;
  const read = (): void => {
    readDetail(link).then(
      (found) => {
        if (!isOver) detail.value = found;
      },
      (error: Error) => {
        if (!isOver) problem.value = error.message;
      },
    );
  };
  read();
  const timer = setInterval(read, refreshMs);
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

function Heading({ card, problem }: { card: Card; problem: Signal<string> }): JSX.Element {
  const ask = (action: Action) => (): void => {
    act(card, action).then(
      () => (problem.value = ""),
      (error: Error) => (problem.value = error.message),
    );
  };
  return (
    <header class={`heading ${markOf(card)}`}>
      <p class="crumbs">
        <a href="/">All</a> / {card.kind} / {card.namespace}
      </p>
      <h1>
        <span class="dot" /> {card.name}
      </h1>
      <p class="actions">
        <button
          type="button"
          onClick={ask("reconcile")}
          disabled={card.isSuspended}
          title={card.isSuspended ? "suspended: resume it first" : "look now"}
        >
          Reconcile
        </button>
        <button type="button" onClick={ask(card.isSuspended ? "resume" : "suspend")}>
          {card.isSuspended ? "Resume" : "Suspend"}
        </button>
      </p>
      {problem.value !== "" && <p class="problem">{problem.value}</p>}
      <p class="words">{wordsOf(card) || card.message}</p>
      <dl>
        <dt>Revision</dt>
        <dd>
          <code>{card.revision || "none yet"}</code>
        </dd>
        {card.url !== "" && (
          <>
            <dt>From</dt>
            <dd>{card.url}</dd>
          </>
        )}
        {card.source !== undefined && (
          <>
            <dt>Source</dt>
            <dd>
              <a href={hrefOf(card.source)}>{card.source.name}</a> {card.path}
            </dd>
          </>
        )}
      </dl>
    </header>
  );
}

const worstFirst = ["degraded", "missing", "progressing", "unknown", "suspended", "healthy"];

function Body({ detail }: { detail: Detail }): JSX.Element {
  return (
    <div class="columns">
      <div>
        {detail.card.role === "delivery" && <Objects detail={detail} />}
        <section>
          <h2>Conditions</h2>
          <ul class="conditions">
            {detail.conditions.map((condition) => (
              <li key={condition.type}>
                <b>{condition.type}</b> {condition.status} <em>{condition.reason}</em>
                <p>{condition.message}</p>
              </li>
            ))}
          </ul>
        </section>
        {detail.history.length > 0 && <History detail={detail} />}
      </div>
      <section>
        <h2>Events</h2>
        <Happenings list={detail.events} isNamed={false} />
      </section>
    </div>
  );
}

function Objects({ detail }: { detail: Detail }): JSX.Element {
  const rank = (object: ObjectView): number => worstFirst.indexOf(object.health);
  const objects = [...detail.objects].sort((a, b) => rank(a) - rank(b));
  const healthy = objects.filter((object) => object.health === "healthy").length;
  return (
    <section>
      <h2>
        Objects <small>{`${healthy} of ${objects.length} healthy`}</small>
      </h2>
      <ul class="objects">
        {objects.map((object) => (
          <li key={`${object.group}/${object.kind}/${object.namespace}/${object.name}`} class={object.health}>
            <span class="dot" title={object.health} />
            <span class="kind">{object.kind}</span>
            <span class="name">
              {object.kind === "Kustomization" ? <a href={hrefOf(object)}>{object.name}</a> : object.name}
              <small> {object.namespace}</small>
            </span>
            <span class="words">{object.health === "healthy" ? "" : object.message || object.health}</span>
          </li>
        ))}
      </ul>
      {detail.unlisted > 0 && <p class="empty">and {detail.unlisted} more</p>}
    </section>
  );
}

function History({ detail }: { detail: Detail }): JSX.Element {
  return (
    <section>
      <h2>History</h2>
      <ul class="conditions">
        {detail.history.map((entry) => (
          <li key={`${entry.revision} ${entry.atMs}`}>
            <code>{entry.revision}</code> {entry.status} <em>{new Date(entry.atMs).toLocaleString()}</em>
            {entry.times > 1 && <small> {entry.times} times</small>}
          </li>
        ))}
      </ul>
    </section>
  );
}
