// Sprig's dates and Helm's durations.

import { fitsInt64, parseFloatText, parseIntText } from "#formats/go-numbers";
import {
  define,
  type FunctionTable,
  GoError,
  goTypeOf,
  int64,
  Integer,
  printValue,
  quote,
  type Value,
} from "#formats/gotemplate";
import { zeroTime } from "./calendar.ts";
import {
  Duration,
  durationIn,
  formatDuration,
  hour,
  minute,
  parseDuration,
  roundTo,
  second,
  truncateTo,
} from "./duration.ts";
import type { FunctionEnvironment } from "./environment.ts";
import { parseLayout } from "./layout-parse.ts";
import { trimSpace } from "./space.ts";
import { GoTime, zoneOffset } from "./time.ts";
import { durationBetween } from "./time-methods.ts";

function now(environment: FunctionEnvironment): GoTime {
  return new GoTime(BigInt(environment.nowMs()) * 1_000_000n);
}

function timeOf(value: Value, environment: FunctionEnvironment): GoTime {
  if (value instanceof GoTime) return value;
  if (typeof value === "bigint") return new GoTime(value * second);
  if (value instanceof Integer && (value.goType === "int64" || value.goType === "int32"))
    return new GoTime(value.value * second);
  return now(environment);
}

function formatIn(layout: string, value: Value, zone: string, environment: FunctionEnvironment): string {
  const time = timeOf(value, environment);
  return time.in(zoneOffset(zone, 0) === undefined ? "UTC" : zone).format(layout);
}

/** Throws a GoError in Go's words. */
export function parseTime(layout: string, text: string): GoTime {
  const { nanoseconds, offsetSeconds, zone, isUtc } = parseLayout(layout, text);
  if (zone !== undefined) return new GoTime(nanoseconds, `${zone}@${offsetSeconds ?? 0}`, Symbol());
  if (isUtc) return new GoTime(nanoseconds);
  // What is as far from UTC as local time is local time.
  if (!offsetSeconds) return new GoTime(nanoseconds, "Local");
  return new GoTime(nanoseconds, offsetZone(offsetSeconds), isSharedOffset(offsetSeconds) ? undefined : Symbol());
}

/** Go keeps one zone for each of these (time.FixedZone). */
function isSharedOffset(seconds: number): boolean {
  const hours = seconds / 3600;
  return Number.isInteger(hours) && hours >= -12 && hours <= 14;
}

function offsetZone(offset: number): string {
  const size = Math.abs(offset);
  const pad = (value: number): string => String(value).padStart(2, "0");
  const [sign, hours, minutes] = [
    offset < 0 ? "-" : "+",
    pad(Math.floor(size / 3600)),
    pad(Math.floor((size % 3600) / 60)),
  ];
  return size % 60 === 0 ? `${sign}${hours}:${minutes}` : `${sign}${hours}${minutes}@${offset}`;
}

function orElse<T>(run: () => T, fallback: T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof GoError) return fallback;
    throw error;
  }
}

function secondsText(value: Value): string {
  let seconds = 0n;
  if (typeof value === "string") {
    const parsed = parseIntText(value, 10) ?? 0n;
    seconds = fitsInt64(parsed) ? parsed : parsed < 0n ? -(2n ** 63n) : 2n ** 63n - 1n;
  } else if (value instanceof Integer && value.goType === "int64") seconds = value.value;
  return formatDuration(BigInt.asIntN(64, seconds * second));
}

const roundUnits: readonly [bigint, string][] = [
  [hour * 24n * 365n, "y"],
  [hour * 24n * 30n, "mo"],
  [hour * 24n, "d"],
  [hour, "h"],
  [minute, "m"],
  [second, "s"],
];

function roundDuration(value: Value, environment: FunctionEnvironment): string {
  let size = 0n;
  if (typeof value === "string") size = orElse(() => parseDuration(value), 0n);
  else if (value instanceof GoTime) size = now(environment).nanoseconds - value.nanoseconds;
  else if (value instanceof Integer && value.goType === "int64") size = value.value;
  if (size < 0n) size = -size;
  for (const [unit, name] of roundUnits) if (size > unit) return `${size / unit}${name}`;
  return "0s";
}

const secondsMax = 9_223_372_036;

/** What Helm's duration functions accept: durations, numbers of seconds, text of either. */
function durationOf(value: Value): bigint {
  if (value instanceof Duration) return value.value;
  if (typeof value === "string") return durationOfText(value);
  if (value === null || value === undefined) throw new GoError("invalid duration");
  if (typeof value === "number") return durationOfSeconds(value);
  const count = typeof value === "bigint" ? value : value instanceof Integer ? value.value : undefined;
  if (count === undefined) throw new GoError(`unsupported duration type ${goTypeOf(value)}`);
  if (count > BigInt(secondsMax) || count < -BigInt(secondsMax))
    throw new GoError(`duration seconds overflow: ${count}`);
  return count * second;
}

function durationOfText(original: string): bigint {
  const text = trimSpace(original);
  if (text === "") throw new GoError("empty duration");
  const parsed = orElse<bigint | undefined>(() => parseDuration(text), undefined);
  if (parsed !== undefined) return parsed;
  const float = parseFloatText(text);
  if (float !== undefined) return durationOfSeconds(float);
  throw new GoError(`could not parse duration ${quote(original)}`);
}

function durationOfSeconds(seconds: number): bigint {
  if (!Number.isFinite(seconds)) throw new GoError(`invalid duration seconds: ${printValue(seconds)}`);
  if (Math.abs(seconds) > 9223372036.854776) throw new GoError(`duration seconds overflow: ${printValue(seconds)}`);
  return BigInt(Math.trunc(seconds * 1e9));
}

function measure(value: Value, convert: (duration: bigint) => Value, zero: Value): Value {
  return orElse(() => convert(durationOf(value)), zero);
}

function adjust(value: Value, unit: Value, step: (duration: bigint, unit: bigint) => bigint): Value {
  const duration = orElse<bigint | undefined>(() => durationOf(value), undefined);
  if (duration === undefined) return new Duration(0n);
  return new Duration(orElse(() => step(duration, durationOf(unit)), duration));
}

const durationFunctions: FunctionTable = {
  duration: define("any", secondsText),
  mustToDuration: define("any", (value: Value) => new Duration(durationOf(value))),
  durationSeconds: define("any", (value: Value) => measure(value, (d) => durationIn(d, second), 0)),
  durationMilliseconds: define("any", (value: Value) => measure(value, (d) => int64(d / 1_000_000n), int64(0n))),
  durationMicroseconds: define("any", (value: Value) => measure(value, (d) => int64(d / 1_000n), int64(0n))),
  durationNanoseconds: define("any", (value: Value) => measure(value, int64, int64(0n))),
  durationMinutes: define("any", (value: Value) => measure(value, (d) => durationIn(d, minute), 0)),
  durationHours: define("any", (value: Value) => measure(value, (d) => durationIn(d, hour), 0)),
  durationDays: define("any", (value: Value) => measure(value, (d) => durationIn(d, hour) / 24, 0)),
  durationWeeks: define("any", (value: Value) => measure(value, (d) => durationIn(d, hour) / 24 / 7, 0)),
  durationRoundTo: define("any, any", (value: Value, unit: Value) => adjust(value, unit, roundTo)),
  durationTruncateTo: define("any, any", (value: Value, unit: Value) => adjust(value, unit, truncateTo)),
};

/** The functions of time, with `environment` as their clock. */
export function dateFunctions(environment: FunctionEnvironment): FunctionTable {
  const modify = (text: string, time: Value): Value => (time as GoTime).add(parseDuration(text));
  const inZone = define("string, any, string", (layout: string, value: Value, zone: string) =>
    formatIn(layout, value, zone, environment),
  );
  const gentle = define("string, time", (text: string, time: Value) => orElse(() => modify(text, time), time));
  const strict = define("string, time", modify);
  return {
    ...durationFunctions,
    now: define("", () => now(environment)),
    ago: define("any", (value: Value) => {
      const time = value instanceof Integer && value.goType !== "int64" ? now(environment) : timeOf(value, environment);
      return formatDuration(roundTo(durationBetween(now(environment), time), second));
    }),
    date: define("string, any", (layout: string, value: Value) => formatIn(layout, value, "Local", environment)),
    date_in_zone: inZone,
    dateInZone: inZone,
    date_modify: gentle,
    dateModify: gentle,
    must_date_modify: strict,
    mustDateModify: strict,
    durationRound: define("any", (value: Value) => roundDuration(value, environment)),
    htmlDate: define("any", (value: Value) => formatIn("2006-01-02", value, "Local", environment)),
    htmlDateInZone: define("any, string", (value: Value, zone: string) =>
      formatIn("2006-01-02", value, zone, environment),
    ),
    toDate: define("string, string", (layout: string, text: string) =>
      orElse(() => parseTime(layout, text), new GoTime(zeroTime)),
    ),
    mustToDate: define("string, string", parseTime),
    unixEpoch: define("time", (time: Value) => (time as GoTime).seconds.toString()),
  };
}
