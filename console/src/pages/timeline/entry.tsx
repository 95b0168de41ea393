// One entry on the rail: a commit with what it did where, a drift, a heal, or what somebody decided.

import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Icon } from "../../parts/icon.tsx";
import { Clock } from "../../parts/when.tsx";
import { hrefWith } from "../../route/address.ts";
import { hrefOf } from "../../route/place.ts";
import { type CommitEffect, linkKey, type TimelineEntry } from "../../wire/types.ts";
import { plural } from "../../words/plural.ts";
import { shortCommit } from "../../words/revision.ts";
import { zone } from "../../state/preferences.ts";
import { formatExact, formatTook } from "../../words/time.ts";

export function Entry({ entry, index }: { entry: TimelineEntry; index: number }): JSX.Element {
  return (
    <li class={`entry entry-${entry.what}`}>
      <a
        class="entry-time"
        href={hrefWith({ at: String(entry.atMs) })}
        title="Look at this moment"
        aria-label={`Look at ${formatExact(entry.atMs, zone.value)}: ${wordsOf(entry)}`}
        data-row={index}
      >
        <Clock atMs={entry.atMs} />
      </a>
      <span class="entry-dot" aria-hidden="true" />
      {entry.what === "commit" ? (
        <CommitEntry entry={entry} />
      ) : "object" in entry ? (
        <DriftEntry entry={entry} />
      ) : (
        <DecisionEntry entry={entry} />
      )}
    </li>
  );
}

/** An entry in a few words, for who hears a list of moments. */
function wordsOf(entry: TimelineEntry): string {
  if (entry.what === "commit") return `commit ${entry.commit.subject}`;
  return `${entry.what} of ${entry.delivery.name}`;
}

/** Effects shown before one asks for the rest. */
const effectsMost = 6;

function CommitEntry({ entry }: { entry: TimelineEntry & { what: "commit" } }): JSX.Element {
  const showsAll = useSignal(false);
  const { commit, changed, source } = entry;
  const shown = showsAll.value ? changed : changed.slice(0, effectsMost);
  return (
    <div class="entry-words">
      <p class="entry-head">
        <b title={commit.body}>{commit.subject}</b>
        <span class="soft">
          {commit.url === undefined ? (
            <code>{shortCommit(commit.id)}</code>
          ) : (
            <a href={commit.url} target="_blank" rel="noreferrer">
              <code>{shortCommit(commit.id)}</code>
            </a>
          )}{" "}
          {commit.author} · <a href={hrefOf(source)}>{source.name}</a>
        </span>
      </p>
      {changed.length === 0 && <p class="soft entry-none">Changed nothing that is delivered.</p>}
      <ul class="effects">
        {shown.map((effect) => (
          <Effect key={linkKey(effect.delivery)} effect={effect} fromMs={commit.atMs} />
        ))}
      </ul>
      {changed.length > shown.length && (
        <button type="button" class="plain more-effects" onClick={() => (showsAll.value = true)}>
          and {plural(changed.length - shown.length, "more delivery", "more deliveries")}
        </button>
      )}
    </div>
  );
}

function Effect({ effect, fromMs }: { effect: CommitEffect; fromMs: number }): JSX.Element {
  const isBad = /fail|error/i.test(effect.result);
  const { appliedMs, healthyMs } = effect;
  return (
    <li>
      <span class={`mark ${isBad ? "mark-failed" : appliedMs === undefined ? "mark-waiting" : "mark-ready"}`}>
        <Icon
          name={isBad ? "failed" : appliedMs === undefined ? "waiting" : "ready"}
          title={isBad ? "failed" : appliedMs === undefined ? "not applied" : "applied"}
        />
      </span>
      <a href={hrefOf(effect.delivery)}>{effect.delivery.name}</a>
      <span class="soft">
        {[
          effect.cluster,
          effect.paths > 0 ? plural(effect.paths, "file") : "",
          appliedMs === undefined
            ? effect.result === ""
              ? "no record of it"
              : ""
            : `applied ${formatTook(Math.max(0, appliedMs - fromMs))} after the commit`,
          appliedMs !== undefined && healthyMs !== undefined ? healthyWords(healthyMs - appliedMs) : "",
          isBad ? effect.result : "",
        ]
          .filter(Boolean)
          .join(" · ")}
      </span>
    </li>
  );
}

function healthyWords(afterMs: number): string {
  return afterMs < 1_000 ? "healthy at once" : `healthy in ${formatTook(afterMs)}`;
}

function DriftEntry({ entry }: { entry: TimelineEntry & { what: "drift" | "heal" } }): JSX.Element {
  return (
    <div class="entry-words">
      <p class="entry-head">
        <span class={entry.what === "drift" ? "text-drifted" : "text-ready"}>
          <b>{entry.what === "drift" ? "Drift" : "Healed"}</b>
        </span>
        <a href={hrefOf(entry.delivery)}>{entry.delivery.name}</a> {entry.object}
      </p>
      <p class="soft">
        {entry.fields}
        {entry.by !== "" && ` · changed by ${entry.by}`}
      </p>
    </div>
  );
}

const decisions = { hold: "Held", approval: "Approved", action: "Done" } as const;

function DecisionEntry({ entry }: { entry: TimelineEntry & { what: "hold" | "approval" | "action" } }): JSX.Element {
  return (
    <div class="entry-words">
      <p class="entry-head">
        <b class={entry.what === "hold" ? "text-held" : ""}>{decisions[entry.what]}</b>
        <a href={hrefOf(entry.delivery)}>{entry.delivery.name}</a>
        <span class="soft">{entry.by}</span>
      </p>
      <p class="soft">{entry.message}</p>
    </div>
  );
}
