// Times at which something may or may not be done: cron schedules with a duration and a time zone, as text such as
// `0 18 * * 5 for 62h in Europe/Berlin; 0 0 24 12 * for 72h`. Without a zone it is UTC. Pure: the present is given.

import { parseDuration } from "#api/flux";
import { isTimeZone, zoneOffsetSeconds } from "#kernel";
import { windowDaysMost } from "./limits.ts";

export type Window = {
  minutes: readonly number[];
  hours: readonly number[];
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** True when both days of the month and of the week are restricted: then either is enough, as in cron. */
  isEitherDay: boolean;
  durationMs: number;
  zone: string;
};

const dayMs = 86_400_000;
const ranges = [
  ["minute", 0, 59],
  ["hour", 0, 23],
  ["day of the month", 1, 31],
  ["month", 1, 12],
  ["day of the week", 0, 7],
] as const;

/** The windows of a text, or what is wrong with it, in words. */
export function parseWindows(text: string): Window[] | { problem: string } {
  const windows: Window[] = [];
  for (const part of text.split(/[;\n]/).filter((each) => each.trim() !== "")) {
    const window = parseWindow(part.trim());
    if ("problem" in window) return window;
    windows.push(window);
  }
  return windows;
}

function parseWindow(text: string): Window | { problem: string } {
  const match = /^(.+?)\s+for\s+(\S+)(?:\s+in\s+(\S+))?$/.exec(text);
  const fields = match?.[1]?.trim().split(/\s+/) ?? [];
  const durationMs = parseDuration(match?.[2] ?? "");
  if (match === null || fields.length !== ranges.length || durationMs === undefined || durationMs <= 0)
    return { problem: `"${text}" is no window: write five cron fields, "for" and a duration, "in" and a time zone` };
  if (durationMs > windowDaysMost * dayMs) return { problem: `"${text}" lasts longer than ${windowDaysMost} days` };
  const zone = match[3] ?? "UTC";
  if (!isTimeZone(zone)) return { problem: `"${zone}" is no time zone; write a name such as Europe/Berlin` };
  const sets: ReadonlySet<number>[] = [];
  for (const [index, [name, least, most]] of ranges.entries()) {
    const set = parseField(fields[index] ?? "", least, most);
    if (set === undefined) return { problem: `"${fields[index] ?? ""}" is no ${name} in "${text}"` };
    sets.push(set);
  }
  const [minutes, hours, days, months, weekdays] = sets as [
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
    Set<number>,
  ];
  if (weekdays.has(7)) weekdays.add(0);
  const descending = (set: Set<number>): number[] => [...set].sort((a, b) => b - a);
  const isEitherDay = fields[2] !== "*" && fields[4] !== "*";
  return {
    minutes: descending(minutes),
    hours: descending(hours),
    days,
    months,
    weekdays,
    isEitherDay,
    durationMs,
    zone,
  };
}

/** `*`, `5`, `1-5`, `*\/2`, `10-20/5` and lists of them. */
function parseField(text: string, least: number, most: number): Set<number> | undefined {
  const values = new Set<number>();
  for (const part of text.split(",")) {
    const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
    if (match === null) return undefined;
    const step = Number(match[3] ?? 1);
    const from = Number(match[1] ?? least);
    const to =
      match[1] === undefined ? most : match[2] !== undefined ? Number(match[2]) : match[3] === undefined ? from : most;
    if (step < 1 || from < least || to > most || from > to) return undefined;
    for (let value = from; value <= to; value += step) values.add(value);
  }
  return values;
}

/** When the window that is open now ends; undefined when none is open. */
export function openUntil(windows: readonly Window[], nowMs: number): number | undefined {
  const ends = windows.flatMap((window) => {
    const start = lastStart(window, nowMs);
    return start === undefined || start + window.durationMs <= nowMs ? [] : [start + window.durationMs];
  });
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** When the next window opens; undefined when none does within a year. */
export function nextStart(windows: readonly Window[], nowMs: number): number | undefined {
  const starts = windows.flatMap((window) => firstStartAfter(window, nowMs) ?? []);
  return starts.length === 0 ? undefined : Math.min(...starts);
}

/** The latest start at or before a time, no further back than the window lasts. */
function lastStart(window: Window, nowMs: number): number | undefined {
  const today = dayOf(nowMs, window.zone);
  const back = Math.ceil(window.durationMs / dayMs) + 1;
  for (let days = 0; days <= back; days++) {
    const date = today - days * dayMs;
    if (!matchesDay(window, date)) continue;
    for (const hour of window.hours) {
      for (const minute of window.minutes) {
        const start = instantOf(date, hour, minute, window.zone);
        if (start <= nowMs) return start;
      }
    }
  }
  return undefined;
}

function firstStartAfter(window: Window, nowMs: number): number | undefined {
  const today = dayOf(nowMs, window.zone);
  for (let days = 0; days <= 366; days++) {
    const date = today + days * dayMs;
    if (!matchesDay(window, date)) continue;
    for (const hour of [...window.hours].reverse()) {
      for (const minute of [...window.minutes].reverse()) {
        const start = instantOf(date, hour, minute, window.zone);
        if (start > nowMs) return start;
      }
    }
  }
  return undefined;
}

function matchesDay(window: Window, date: number): boolean {
  const day = new Date(date);
  if (!window.months.has(day.getUTCMonth() + 1)) return false;
  const isDay = window.days.has(day.getUTCDate());
  const isWeekday = window.weekdays.has(day.getUTCDay());
  return window.isEitherDay ? isDay || isWeekday : isDay && isWeekday;
}

/** The date on the zone's calendars, as midnight UTC of the same date. */
function dayOf(ms: number, zone: string): number {
  const local = ms + offsetAt(ms, zone);
  return local - (((local % dayMs) + dayMs) % dayMs);
}

/** The instant at which a zone's clocks show this time; a time that they skip is taken as the one after. */
function instantOf(date: number, hour: number, minute: number, zone: string): number {
  const wall = date + (hour * 60 + minute) * 60_000;
  const guess = wall - offsetAt(wall, zone);
  return wall - offsetAt(guess, zone);
}

/** How far a zone's clocks are ahead of UTC, in milliseconds. */
function offsetAt(ms: number, zone: string): number {
  return (zoneOffsetSeconds(zone, ms) ?? 0) * 1000;
}
