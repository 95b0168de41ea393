// Attempts to bring revisions about: which, when, how long, with which result; and the way back to one.

import type { JSX } from "preact";
import { CommitLine } from "../../parts/commit.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Awaiting, Nothing } from "../../parts/nothing.tsx";
import { Exact } from "../../parts/when.tsx";
import { overlay } from "../../state/overlays.ts";
import type { Card, DeliveryPage, HistoryEntry } from "../../wire/types.ts";
import { shortRevision } from "../../words/revision.ts";
import { formatTook } from "../../words/time.ts";

export function History({ card, page }: { card: Card; page: DeliveryPage | undefined }): JSX.Element {
  if (page === undefined) return <Awaiting what="Reading" />;
  if (page.history.length === 0)
    return (
      <Nothing title="Nothing was applied yet">
        <p>Each revision that is applied appears here, with how long it took and how it ended.</p>
      </Nothing>
    );
  const right = page.rights["roll-back"];
  return (
    <ol class="history">
      {page.history.map((entry, index) => (
        <Entry
          key={`${entry.revision} ${entry.atMs}`}
          card={card}
          entry={entry}
          isNow={index === 0}
          whyNot={right.ok ? "" : right.reason}
        />
      ))}
    </ol>
  );
}

type EntryProps = { card: Card; entry: HistoryEntry; isNow: boolean; whyNot: string };

function Entry({ card, entry, isNow, whyNot }: EntryProps): JSX.Element {
  const isGood = /succeeded|deployed|superseded/i.test(entry.result);
  const reason = entry.canRollBack ? whyNot : entry.whyNot;
  const ask = (): void => {
    overlay.value = {
      what: "action",
      ask: {
        action: "roll-back",
        link: { kind: card.kind, namespace: card.namespace, name: card.name },
        revision: entry.revision,
      },
    };
  };
  return (
    <li>
      <span class={`mark ${isGood ? "mark-ready" : "mark-failed"}`}>
        <Icon name={isGood ? "ready" : "failed"} title={isGood ? "succeeded" : "failed"} />
      </span>
      <div class="history-words">
        <p>
          {entry.commit === undefined ? (
            <code>{shortRevision(entry.revision)}</code>
          ) : (
            <CommitLine commit={entry.commit} />
          )}
        </p>
        <p class="soft">
          <Exact atMs={entry.atMs} />
          {entry.tookMs > 0 && <> · took {formatTook(entry.tookMs)}</>}
          {entry.healthyMs !== undefined && entry.healthyMs > 0 && <> · {healthyWords(entry.healthyMs - entry.atMs)}</>}
          {entry.times > 1 && <> · {entry.times} times</>}
        </p>
        {!isGood && <p class="history-why">{entry.message || entry.result}</p>}
      </div>
      {isNow ? (
        <span class="soft">now</span>
      ) : (
        <button type="button" aria-disabled={reason !== ""} title={reason} onClick={reason === "" ? ask : undefined}>
          Roll back to this
        </button>
      )}
    </li>
  );
}

function healthyWords(laterMs: number): string {
  return laterMs < 1_000 ? "healthy" : `healthy ${formatTook(laterMs)} later`;
}
