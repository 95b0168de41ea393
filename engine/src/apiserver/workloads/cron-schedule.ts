// Cron schedules as Kubernetes reads them (robfig/cron's standard form): five fields or a macro, names of months and days,
// steps and ranges, in a time zone. Pure.

import { Fault, formatTime } from "#kernel";
import { scheduleSearchYears } from "./limits.ts";
import type { WorkloadFaultCode } from "./faults.ts";

export type Schedule = {
  minutes: ReadonlySet<number>;
  hours: ReadonlySet<number>;
  days: ReadonlySet<number>;
  months: ReadonlySet<number>;
  weekdays: ReadonlySet<number>;
  /** Both the day of the month and the weekday are given: either may match. */
  isEitherDay: boolean;
  /** `@every`: milliseconds between two runs. */
  everyMs?: number;
};

const macros: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const monthNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const dayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** Throws a Fault that names what cannot be read. */
export function parseSchedule(text: string): Schedule {
  const every = /^@every (?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text.trim());
  if (every !== null) {
    const [hours, minutes, seconds] = every.slice(1).map((part) => Number(part ?? 0));
    return {
      ...parseSchedule("@hourly"),
      everyMs: Math.max(1, (hours ?? 0) * 3600 + (minutes ?? 0) * 60 + (seconds ?? 0)) * 1000,
    };
  }
  const fields = (macros[text.trim()] ?? text).trim().split(/\s+/);
  if (fields.length !== 5) throw unreadable(text, `${fields.length} fields instead of 5`);
  const [minute = "", hour = "", day = "", month = "", weekday = ""] = fields;
  const weekdays = parseField(weekday, { from: 0, to: 7, names: dayNames }, text);
  return {
    minutes: parseField(minute, { from: 0, to: 59 }, text),
    hours: parseField(hour, { from: 0, to: 23 }, text),
    days: parseField(day, { from: 1, to: 31 }, text),
    months: parseField(month, { from: 1, to: 12, names: ["", ...monthNames] }, text),
    weekdays: weekdays.has(7) ? new Set([...weekdays, 0]) : weekdays,
    isEitherDay: !/^[*?]/.test(day) && !/^[*?]/.test(weekday),
  };
}

type Range = { from: number; to: number; names?: readonly string[] };

function parseField(field: string, range: Range, text: string): Set<number> {
  const values = new Set<number>();
  for (const part of field.split(",")) {
    const match = /^([^/]+)(?:\/(\d+))?$/.exec(part);
    if (match === null) throw unreadable(text, `"${part}"`);
    const [, span = "", step] = match;
    const [low, high] = parseSpan(span, range, text);
    const last = step !== undefined && !span.includes("-") && !/^[*?]$/.test(span) ? range.to : high;
    for (let value = low; value <= last; value += Math.max(1, Number(step ?? 1))) values.add(value);
  }
  return values;
}

function parseSpan(span: string, range: Range, text: string): [number, number] {
  if (span === "*" || span === "?") return [range.from, range.to];
  const [low, high = low] = span.split("-").map((word) => parseValue(word, range));
  const isFine = low !== undefined && high !== undefined && low >= range.from && high <= range.to && low <= high;
  if (!isFine) throw unreadable(text, `"${span}"`);
  return [low, high];
}

function parseValue(word: string, { names = [] }: Range): number {
  const named = names.indexOf(word.toLowerCase());
  return named >= 0 && word !== "" ? named : /^\d+$/.test(word) ? Number(word) : Number.NaN;
}

function unreadable(text: string, what: string): Fault<WorkloadFaultCode> {
  return new Fault({
    code: "workload-schedule",
    disposition: "stall",
    message: `schedule "${text}" cannot be read: ${what}`,
  });
}

const minuteMs = 60_000;
const dayMs = 86_400_000;

/** The first time after `afterMs` that the schedule names in the zone; undefined when there is none in eight years. */
export function nextTime(schedule: Schedule, afterMs: number, timeZone = "UTC"): number | undefined {
  if (schedule.everyMs !== undefined) return Math.floor(afterMs / 1000) * 1000 + schedule.everyMs;
  const zone = zoneOf(timeZone);
  let atMs = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
  const endMs = afterMs + scheduleSearchYears * 366 * dayMs;
  while (atMs <= endMs) {
    const local = zone(atMs);
    if (!matchesDay(schedule, local)) {
      // The rest of the day is passed over, but for its last hours, in which a clock may change.
      const leftMs = ((23 - local.hour) * 60 + (60 - local.minute)) * minuteMs;
      atMs += leftMs > 4 * 60 * minuteMs ? leftMs - 3 * 60 * minuteMs : minuteMs * (60 - local.minute);
    } else if (!schedule.hours.has(local.hour)) atMs += minuteMs * (60 - local.minute);
    else if (!schedule.minutes.has(local.minute)) atMs += minuteMs;
    else return atMs;
  }
  return undefined;
}

type Local = { minute: number; hour: number; day: number; month: number; weekday: number };

function matchesDay(schedule: Schedule, local: Local): boolean {
  if (!schedule.months.has(local.month)) return false;
  const [isDay, isWeekday] = [schedule.days.has(local.day), schedule.weekdays.has(local.weekday)];
  return schedule.isEitherDay ? isDay || isWeekday : isDay && isWeekday;
}

function zoneOf(timeZone: string): (atMs: number) => Local {
  if (timeZone === "UTC" || timeZone === "Etc/UTC") return utc;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    minute: "numeric",
    hour: "numeric",
    day: "numeric",
    month: "numeric",
    weekday: "short",
  });
  return (atMs) => {
    const parts: Record<string, string> = {};
    for (const { type, value } of format.formatToParts(atMs)) parts[type] = value;
    const numbers = { minute: Number(parts["minute"]), hour: Number(parts["hour"]), day: Number(parts["day"]) };
    const weekday = dayNames.indexOf((parts["weekday"] ?? "").toLowerCase());
    return { ...numbers, month: Number(parts["month"]), weekday };
  };
}

function utc(atMs: number): Local {
  const date = new Date(atMs);
  return {
    minute: date.getUTCMinutes(),
    hour: date.getUTCHours(),
    day: date.getUTCDate(),
    month: date.getUTCMonth() + 1,
    weekday: date.getUTCDay(),
  };
}

/** A time as the clocks of a zone have it, with what they are ahead: `2026-01-01T00:00:00+01:00`. */
export function zonedTime(atMs: number, timeZone = "UTC"): string {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" }).formatToParts(atMs);
  const name = parts.find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const [, sign, hours, minutes] = /^GMT([+-])(\d\d):(\d\d)$/.exec(name) ?? [];
  const aheadMs = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * minuteMs * (sign === "-" ? -1 : 1);
  if (aheadMs === 0) return formatTime(atMs);
  return formatTime(atMs + aheadMs).replace("Z", `${sign}${hours}:${minutes}`);
}
