// The timeline's scale: where a moment stands between the oldest and now, and how entries fall into days.

import type { TimelineEntry } from "../../wire/types.ts";
import { formatDay, type Zone } from "../../words/time.ts";

export type Span = { fromMs: number; toMs: number };

/** Less than this is stretched, so that a young fleet's minutes are not drawn upon each other. */
const shortestMs = 3 * 60_000;

/** From the oldest entry, with a little room, to now. */
export function spanOf(entries: readonly TimelineEntry[], nowMs: number): Span {
  const oldest = Math.min(nowMs, ...entries.map((entry) => entry.atMs));
  const length = Math.max(shortestMs, nowMs - oldest);
  return { fromMs: nowMs - length * 1.03, toMs: nowMs };
}

/** From 0 at the oldest to 1 now. */
export function shareOf(atMs: number, { fromMs, toMs }: Span): number {
  return Math.max(0, Math.min(1, (atMs - fromMs) / (toMs - fromMs)));
}

export type Day = { day: string; atMs: number; entries: TimelineEntry[] };

export function newestFirst(entries: readonly TimelineEntry[]): TimelineEntry[] {
  return [...entries].sort((a, b) => b.atMs - a.atMs);
}

/** Entries by the day they fell on in the reader's zone, newest first. */
export function daysOf(entries: readonly TimelineEntry[], zone: Zone): Day[] {
  const days: Day[] = [];
  for (const entry of newestFirst(entries)) {
    const day = formatDay(entry.atMs, zone);
    const last = days.at(-1);
    if (last?.day === day) last.entries.push(entry);
    else days.push({ day, atMs: entry.atMs, entries: [entry] });
  }
  return days;
}

const steps = [
  60_000,
  300_000,
  900_000,
  3_600_000,
  3 * 3_600_000,
  6 * 3_600_000,
  86_400_000,
  7 * 86_400_000,
  30 * 86_400_000,
];

/** Moments to write under the scale: whole minutes, hours or days, at most eight. */
export function ticksOf({ fromMs, toMs }: Span): number[] {
  const step = steps.find((one) => (toMs - fromMs) / one <= 8) ?? (toMs - fromMs) / 8;
  const first = Math.ceil(fromMs / step) * step;
  return Array.from({ length: Math.max(0, Math.floor((toMs - first) / step) + 1) }, (_, index) => first + index * step);
}
