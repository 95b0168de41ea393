// Attempts to bring revisions about: which, when, how long, with which result; and the way back to one.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { type Command } from "../../keys/keymap.ts";
import { useRowFocus } from "../../keys/row-focus.ts";
import { useCommands } from "../../keys/use-commands.ts";
import { CommitLine } from "../../parts/commit.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Awaiting, Nothing } from "../../parts/nothing.tsx";
import { Exact } from "../../parts/when.tsx";
import { overlay } from "../../state/overlays.ts";
import type { Card, DeliveryPage, HistoryEntry, ReleaseEntry } from "../../wire/types.ts";
import { shortCommit, shortRevision } from "../../words/revision.ts";
import { formatTook } from "../../words/time.ts";

export function History({ card, page }: { card: Card; page: DeliveryPage | undefined }): JSX.Element {
  if (page === undefined) return <Awaiting what="Reading" />;
  if (page.history.length === 0)
    return (
      <Nothing title="Nothing was applied yet">
        <p>Each revision that is applied appears here, with how long it took and how it ended.</p>
      </Nothing>
    );
  return <Entries card={card} page={page} />;
}

function Entries({ card, page }: { card: Card; page: DeliveryPage }): JSX.Element {
  const { history, rights } = page;
  const right = rights["roll-back"];
  const denied = right.ok ? "" : right.reason;
  const keys = useMemo(() => keysOf(history), [history]);
  const goBack = (entry: HistoryEntry | undefined): void => {
    if (entry !== undefined && denied === "" && entry.canRollBack) askRollBack(card, entry);
  };
  const focus = useRowFocus(keys, (index) => goBack(history[index]));
  const chosen = history[focus.at] ?? history.find((entry) => entry.canRollBack);
  const why = denied || (chosen === undefined ? "there is nothing to go back to" : chosen.whyNot);
  useCommands([
    ...focus.commands.filter((command) => command.keys !== "o"),
    {
      keys: "R",
      does: chosen === undefined ? "Roll back" : `Roll back to ${nameOf(chosen)}`,
      area: "History",
      run: () => goBack(chosen),
      ...(why === "" ? {} : { whyNot: why }),
    },
    ...returns(history, denied, goBack),
  ]);
  return (
    <>
      {denied !== "" && <p class="soft why-not">No way back from here: {denied}.</p>}
      <ol class="history">
        {history.map((entry, index) => (
          <Entry key={keys[index]} entry={entry} index={index} denied={denied} goBack={() => goBack(entry)} />
        ))}
      </ol>
    </>
  );
}

/** Entries that the palette offers to go back to. */
const returnsMost = 12;

function returns(
  history: readonly HistoryEntry[],
  denied: string,
  goBack: (entry: HistoryEntry) => void,
): readonly Command[] {
  if (denied !== "") return [];
  return history
    .filter((entry) => entry.canRollBack)
    .slice(0, returnsMost)
    .map((entry) => ({
      keys: "",
      does: `Roll back to ${nameOf(entry)}${entry.commit === undefined ? "" : `: ${entry.commit.subject}`}`,
      area: "History",
      run: () => goBack(entry),
    }));
}

function askRollBack({ kind, namespace, name }: Card, { to }: HistoryEntry): void {
  overlay.value = { what: "action", ask: { action: "roll-back", link: { kind, namespace, name }, revision: to } };
}

/** What tells entries apart while new ones come before them: their revision, and which of those that have it, the oldest first. */
function keysOf(history: readonly HistoryEntry[]): string[] {
  const seen = new Map<string, number>();
  return [...history]
    .reverse()
    .map(({ to }) => {
      const nth = (seen.get(to) ?? 0) + 1;
      seen.set(to, nth);
      return `${to} ${nth}`;
    })
    .reverse();
}

/** What a person calls it. */
function nameOf({ commit, release, revision }: HistoryEntry): string {
  if (release !== undefined) return `v${release.version}, ${release.chart} ${release.chartVersion}`;
  return commit === undefined ? shortRevision(revision) : shortCommit(commit.id);
}

type EntryProps = { entry: HistoryEntry; index: number; denied: string; goBack: () => void };

function Entry({ entry, index, denied, goBack }: EntryProps): JSX.Element {
  const isGood = /succeeded|deployed|superseded/i.test(entry.result);
  const why = index === 0 ? "" : entry.canRollBack ? "" : entry.whyNot;
  return (
    <li data-row={index} tabIndex={-1}>
      <span class={`mark ${isGood ? "mark-ready" : "mark-failed"}`}>
        <Icon name={isGood ? "ready" : "failed"} title={isGood ? "succeeded" : "failed"} />
      </span>
      <div class="history-words">
        {entry.release !== undefined && <Release release={entry.release} />}
        {entry.commit !== undefined && (
          <p>
            <CommitLine commit={entry.commit} />
          </p>
        )}
        {entry.commit === undefined && entry.release === undefined && (
          <p>
            <code>{shortRevision(entry.revision)}</code>
          </p>
        )}
        <p class="soft">
          <Exact atMs={entry.atMs} />
          {entry.tookMs > 0 && <> · took {formatTook(entry.tookMs)}</>}
          {entry.healthyMs !== undefined && entry.healthyMs > 0 && <> · {healthyWords(entry.healthyMs - entry.atMs)}</>}
          {entry.times > 1 && <> · {entry.times} times</>}
        </p>
        {!isGood && <p class="history-why">{entry.message || entry.result}</p>}
        {why !== "" && denied === "" && <p class="soft">No way back to it: {why}.</p>}
      </div>
      {index === 0 && <span class="soft">newest</span>}
      {index > 0 && denied === "" && entry.canRollBack && (
        <button type="button" aria-label={`Roll back to this: ${nameOf(entry)}`} onClick={goBack}>
          Roll back to this…
        </button>
      )}
    </li>
  );
}

/** `v4 podinfo 6.14.0, app 6.14.0 · upgrade · deployed · tests passed` */
function Release({ release }: { release: ReleaseEntry }): JSX.Element {
  const { version, chart, chartVersion, appVersion, status, action, tests } = release;
  const more = [action, status, tests === "" ? "" : `tests ${tests}`].filter(Boolean).join(" · ");
  return (
    <p>
      <code>v{version}</code>{" "}
      <b class="commit-subject">
        {chart} {chartVersion}
      </b>{" "}
      <span class="soft">
        {appVersion !== "" && `app ${appVersion} · `}
        {more}
      </span>
    </p>
  );
}

function healthyWords(laterMs: number): string {
  return laterMs < 1_000 ? "healthy" : `healthy ${formatTook(laterMs)} later`;
}
