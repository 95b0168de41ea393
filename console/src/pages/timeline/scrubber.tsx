// A line from the oldest to now, with a mark for each entry; a slider upon it chooses the moment to look at.

import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import { zone } from "../../state/preferences.ts";
import type { TimelineEntry } from "../../wire/types.ts";
import { formatClock, formatDay, formatExact } from "../../words/time.ts";
import { shareOf, type Span, ticksOf } from "./scale.ts";

/** Steps of the slider: about one a pixel of a wide screen. */
const sliderSteps = 2_000;

type ScrubberProps = {
  entries: readonly TimelineEntry[];
  span: Span;
  at: number;
  setAt: (atMs: number, how?: "push" | "replace") => void;
};

export function Scrubber({ entries, span, at, setAt }: ScrubberProps): JSX.Element {
  const length = span.toMs - span.fromMs;
  const momentOf = (value: number): number => (value >= sliderSteps ? 0 : span.fromMs + (value / sliderSteps) * length);
  const value = at === 0 ? sliderSteps : Math.round(shareOf(at, span) * sliderSteps);
  const words = at === 0 ? "now" : formatExact(at, zone.value);
  return (
    <div class="scrubber">
      <Marks entries={entries} span={span} />
      <input
        type="range"
        min={0}
        max={sliderSteps}
        value={value}
        aria-label="The moment to look at"
        aria-valuetext={words}
        onInput={(event) => setAt(momentOf(Number(event.currentTarget.value)), "replace")}
      />
      <Ticks span={span} />
      <p class="scrubber-words">
        {at === 0 ? (
          <span class="soft">Drag back to see how things stood at a past moment.</span>
        ) : (
          <>
            <b>{words}</b>
            <button type="button" class="plain" onClick={() => setAt(0)}>
              Back to now
            </button>
          </>
        )}
      </p>
    </div>
  );
}

/** What an entry looks like on the line. */
function toneOf(entry: TimelineEntry): string {
  if (entry.what !== "commit") return entry.what;
  return entry.changed.some((effect) => /fail/i.test(effect.result))
    ? "failed"
    : entry.changed.length > 0
      ? "commit"
      : "quiet";
}

function Marks({ entries, span }: { entries: readonly TimelineEntry[]; span: Span }): JSX.Element {
  // The span grows with each second; marks need not move for less than a pixel.
  const rounded = Math.round(span.toMs / 5_000);
  const marks = useMemo(
    () => entries.map((entry) => ({ share: shareOf(entry.atMs, span), tone: toneOf(entry) })),
    [entries.length, entries[0]?.atMs, rounded],
  );
  return (
    <svg class="marks" viewBox="0 0 1000 28" preserveAspectRatio="none" aria-hidden="true">
      {marks.map(({ share, tone }, index) => (
        <line
          key={index}
          class={`tone-${tone}`}
          x1={share * 1_000}
          x2={share * 1_000}
          y1={tone === "drift" || tone === "heal" ? 16 : 4}
          y2="28"
        />
      ))}
    </svg>
  );
}

/** At the very ends a label would be cut. */
const isWellInside =
  (span: Span) =>
  (tick: number): boolean =>
    Math.abs(shareOf(tick, span) - 0.5) < 0.47;

function Ticks({ span }: { span: Span }): JSX.Element {
  const isDays = span.toMs - span.fromMs > 3 * 86_400_000;
  return (
    <div class="ticks" aria-hidden="true">
      {ticksOf(span)
        .filter(isWellInside(span))
        .map((tick) => (
          <span key={tick} style={{ left: `${shareOf(tick, span) * 100}%` }}>
            {isDays ? formatDay(tick, zone.value).slice(5) : formatClock(tick, zone.value).slice(0, 5)}
          </span>
        ))}
    </div>
  );
}
