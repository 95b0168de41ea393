// What happened, drawn along the Git log: commits and what each did where, drifts and heals between; and how things stood at
// any past moment that is still known.

import { useComputed, useSignal } from "@preact/signals";
import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { useRowFocus } from "../../keys/row-focus.ts";
import { useCommands } from "../../keys/use-commands.ts";
import { Awaiting, Nothing, Trouble } from "../../parts/nothing.tsx";
import { type ReadError, useResource } from "../../parts/resource.ts";
import { useTitle } from "../../parts/title.ts";
import { navigate, param, setParams } from "../../route/address.ts";
import { allCards, epoch } from "../../state/fleet.ts";
import { now } from "../../state/now.ts";
import { zone } from "../../state/preferences.ts";
import { read, wordsOfError } from "../../wire/http.ts";
import { apiPaths, type Timeline, type TimelineEntry } from "../../wire/types.ts";
import { formatDayName, parseMoment } from "../../words/time.ts";
import { Entry } from "./entry.tsx";
import { MomentView } from "./moment-view.tsx";
import { daysOf, newestFirst, spanOf } from "./scale.ts";
import { Scrubber } from "./scrubber.tsx";
import { useLatestHappening } from "./latest.ts";
import "./timeline.css";

const pageOf = 100;

export function TimelinePage(): JSX.Element {
  useTitle("Timeline");
  const delivery = param("delivery");
  const newest = useResource<Timeline>(
    apiPaths.timeline({ limit: pageOf, ...(delivery === "" ? {} : { delivery }) }),
    useLatestHappening(),
  );
  const older = useOlder(delivery, newest.value?.next);
  const at = parseMoment(param("at"));
  const setAt = (atMs: number, how: "push" | "replace" = "push"): void =>
    setParams({ at: atMs === 0 ? "" : String(Math.round(atMs)) }, how);
  const pick = useRef<HTMLSelectElement>(null);
  const entries = useMemo(
    () => [...(newest.value?.entries ?? []), ...older.entries],
    [newest.value?.entries, older.entries],
  );
  const moments = [...new Set(entries.map((entry) => entry.atMs))].sort((a, b) => a - b);
  const step = (direction: 1 | -1): void => {
    const from = at === 0 ? now.value : at;
    const next =
      direction === 1 ? moments.find((moment) => moment > from) : moments.findLast((moment) => moment < from);
    setAt(next ?? 0);
  };
  const shown = useMemo(() => (at === 0 ? entries : entries.filter((entry) => entry.atMs <= at)), [entries, at]);
  const rows = useMemo(() => newestFirst(shown), [shown]);
  const keys = useMemo(() => rows.map(keyOf), [rows]);
  const focus = useRowFocus(keys, (index) => setAt(rows[index]?.atMs ?? 0));
  const area = "Timeline";
  useCommands([
    ...focus.commands,
    { keys: "/", does: "Choose a delivery", area, run: () => pick.current?.focus() },
    { keys: "[", does: "To the event before", area, run: () => step(-1) },
    { keys: "]", does: "To the event after", area, run: () => step(1) },
    { keys: "n", does: "Back to now", area, run: () => setAt(0) },
    {
      keys: "Escape",
      does: at === 0 ? "Back to the fleet" : "Back to now",
      area: "Page",
      run: () => (at === 0 ? navigate("/") : setAt(0)),
    },
  ]);
  return (
    <div class="timeline">
      <header class="timeline-head">
        <h1 tabIndex={-1}>Timeline</h1>
        <DeliveryPick chosen={delivery} select={pick} />
      </header>
      {newest.error !== undefined && <Trouble error={newest.error} retry={newest.readAgain} />}
      {newest.value === undefined && newest.error === undefined && <Awaiting what="Reading the history" />}
      {newest.value !== undefined && entries.length === 0 && <NoEntries />}
      {entries.length > 0 && <Scrubber entries={entries} span={spanOf(entries, now.value)} at={at} setAt={setAt} />}
      {at !== 0 && <MomentView atMs={at} delivery={delivery} />}
      <Days entries={rows} />
      {older.canRead && (
        <button type="button" onClick={older.read}>
          Show older
        </button>
      )}
      {older.error !== undefined && <Trouble error={older.error} retry={older.read} />}
      <Limits limits={newest.value?.limits ?? []} />
    </div>
  );
}

/** `entries` newest first. */
function Days({ entries }: { entries: readonly TimelineEntry[] }): JSX.Element {
  const places = new Map(entries.map((entry, index) => [entry, index]));
  return (
    <>
      {daysOf(entries, zone.value).map(({ day, atMs, entries: those }) => (
        <section key={day} class="day">
          <h2>{formatDayName(atMs, zone.value, now.value)}</h2>
          <ol class="rail">
            {those.map((entry) => (
              <Entry key={keyOf(entry)} entry={entry} index={places.get(entry) ?? 0} />
            ))}
          </ol>
        </section>
      ))}
    </>
  );
}

function keyOf(entry: TimelineEntry): string {
  if (entry.what === "commit") return `${entry.source.name} ${entry.commit.id}`;
  return `${entry.what} ${entry.atMs} ${entry.delivery.name} ${"object" in entry ? `${entry.object} ${entry.fields}` : entry.message}`;
}

type DeliveryPickProps = { chosen: string; select: RefObject<HTMLSelectElement | null> };

function DeliveryPick({ chosen, select }: DeliveryPickProps): JSX.Element {
  // As one text: thousands of names are compared at once, and drawn again only when one has come or gone.
  const names = useComputed(() =>
    allCards.value
      .filter((card) => card.role === "delivery")
      .map((card) => card.key)
      .sort()
      .join("\n"),
  );
  return useMemo(
    () => <Names names={names.value === "" ? [] : names.value.split("\n")} chosen={chosen} select={select} />,
    [names.value, chosen],
  );
}

function Names({ names, chosen, select }: DeliveryPickProps & { names: readonly string[] }): JSX.Element {
  return (
    <label class="pick">
      <span>Of</span>
      <select ref={select} value={chosen} onChange={(event) => setParams({ delivery: event.currentTarget.value })}>
        <option value="">everything</option>
        {names.map((key) => (
          <option key={key} value={key}>
            {key}
          </option>
        ))}
      </select>
    </label>
  );
}

function NoEntries(): JSX.Element {
  return (
    <Nothing title="No history yet">
      <p>
        Each commit that a source brings, what it changed in which cluster, and each drift and heal between appear here
        as they happen.
      </p>
    </Nothing>
  );
}

/** What is kept and since when: a past that is not recorded is not shown as if it were. */
function Limits({ limits }: { limits: readonly string[] }): JSX.Element | null {
  if (limits.length === 0) return null;
  return (
    <footer class="limits">
      <h2>What is kept</h2>
      <ul>
        {limits.map((limit) => (
          <li key={limit}>{limit}</li>
        ))}
      </ul>
    </footer>
  );
}

type Older = { entries: readonly TimelineEntry[]; canRead: boolean; error: ReadError | undefined; read: () => void };

/** Entries before the newest page, read when asked for. */
function useOlder(delivery: string, first: number | undefined): Older {
  const state = useSignal<{ entries: readonly TimelineEntry[]; next: number | undefined; hasRead: boolean }>({
    entries: [],
    next: undefined,
    hasRead: false,
  });
  const error = useSignal<ReadError | undefined>(undefined);
  useEffect(() => {
    state.value = { entries: [], next: undefined, hasRead: false };
  }, [delivery, epoch.value]);
  const next = state.value.hasRead ? state.value.next : first;
  const readMore = (): void => {
    if (next === undefined) return;
    read<Timeline>(apiPaths.timeline({ before: next, limit: pageOf, ...(delivery === "" ? {} : { delivery }) })).then(
      (more) => {
        error.value = undefined;
        state.value = { entries: [...state.value.entries, ...more.entries], next: more.next, hasRead: true };
      },
      (problem: unknown) => (error.value = wordsOfError(problem)),
    );
  };
  return { entries: state.value.entries, canRead: next !== undefined, error: error.value, read: readMore };
}
